from django.conf import settings
from django.db import models
from django.core.validators import MinValueValidator, MaxValueValidator, RegexValidator


class Author(models.Model):
    name = models.CharField(max_length=100)
    bio = models.TextField(blank=True)
    born = models.DateField(null=True, blank=True)


class Genre(models.Model):
    name = models.CharField(max_length=50, unique=True)
    slug = models.SlugField(unique=True)


class Book(models.Model):
    class Format(models.TextChoices):
        PAPER = "paper"
        EBOOK = "ebook"
        AUDIO = "audio"
    title = models.CharField(max_length=200)
    isbn = models.CharField(max_length=13, unique=True, validators=[RegexValidator(r"^\d{13}$")])
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    genres = models.ManyToManyField(Genre, blank=True)
    format = models.CharField(max_length=10, choices=Format.choices, default=Format.PAPER)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    published = models.DateField()
    pages = models.PositiveIntegerField(null=True, blank=True)


class Borrower(models.Model):
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    active = models.BooleanField(default=True)


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    borrower = models.ForeignKey(Borrower, on_delete=models.CASCADE)
    due = models.DateField()
    returned_at = models.DateTimeField(null=True, blank=True)


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    rating = models.IntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(max_length=2000, blank=True)
    created = models.DateTimeField(auto_now_add=True)
