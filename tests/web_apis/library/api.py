from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, permissions, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from django.shortcuts import get_object_or_404
from .models import Author, Book, Borrower, Genre, Loan, Review


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name", "bio", "born"]


class GenreSerializer(serializers.ModelSerializer):
    class Meta:
        model = Genre
        fields = ["id", "name", "slug"]


class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["id", "title", "isbn", "author", "genres", "format", "price", "published", "pages"]


class BorrowerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Borrower
        fields = ["id", "email", "name", "active"]


class LoanSerializer(serializers.ModelSerializer):
    class Meta:
        model = Loan
        fields = ["id", "book", "borrower", "due", "returned_at"]
        read_only_fields = ["returned_at"]

    def validate_due(self, value):
        if value <= timezone.now().date():
            raise serializers.ValidationError("Due date must be in the future.")
        return value

    def validate_borrower(self, value):
        if not value.active:
            raise serializers.ValidationError("Borrower is not active.")
        return value


class ReviewSerializer(serializers.ModelSerializer):
    class Meta:
        model = Review
        fields = ["id", "rating", "text", "created"]


class AuthorViewSet(viewsets.ModelViewSet):
    queryset = Author.objects.order_by("id")
    serializer_class = AuthorSerializer

    def destroy(self, request, *args, **kwargs):
        author = self.get_object()
        if author.books.exists():
            return Response({"detail": "Author still has books."}, status=409)
        author.delete()
        return Response(status=204)


class GenreViewSet(viewsets.ModelViewSet):
    queryset = Genre.objects.order_by("id")
    serializer_class = GenreSerializer
    lookup_field = "slug"


class BookViewSet(viewsets.ModelViewSet):
    queryset = Book.objects.order_by("id")
    serializer_class = BookSerializer


class BorrowerViewSet(viewsets.ModelViewSet):
    queryset = Borrower.objects.order_by("id")
    serializer_class = BorrowerSerializer
    http_method_names = ["get", "post", "patch", "delete"]


class LoanViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Loan.objects.order_by("id")
    serializer_class = LoanSerializer

    @extend_schema(request=None, responses=LoanSerializer)
    @action(detail=True, methods=["post"], url_path="return")
    def return_book(self, request, pk=None):
        loan = self.get_object()
        if loan.returned_at:
            raise serializers.ValidationError({"detail": "Already returned."})
        loan.returned_at = timezone.now()
        loan.save()
        return Response(LoanSerializer(loan).data)


class ReviewViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    serializer_class = ReviewSerializer
    queryset = Review.objects.none()

    def get_queryset(self):
        return Review.objects.filter(book_id=self.kwargs.get("book_pk")).order_by("id")

    def perform_create(self, serializer):
        serializer.save(book=get_object_or_404(Book, pk=self.kwargs["book_pk"]))


router = DefaultRouter()
router.register("authors", AuthorViewSet)
router.register("genres", GenreViewSet)
router.register("books", BookViewSet)
router.register(r"books/(?P<book_pk>\d+)/reviews", ReviewViewSet, basename="review")
router.register("borrowers", BorrowerViewSet)
router.register("loans", LoanViewSet)
