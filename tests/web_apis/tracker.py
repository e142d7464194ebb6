"""A project tracker with FastAPI, written as its documentation suggests."""
import enum
import os
import secrets
import time
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, File, Form, HTTPException, Query, Response, UploadFile, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, EmailStr, Field, HttpUrl, field_validator, model_validator

app = FastAPI(title="Tracker", version="1.4.0")
oauth2 = OAuth2PasswordBearer(tokenUrl="token")

USERS = {"admin": os.environ["API_PASSWORD"]}
TOKENS: dict[str, tuple[str, float]] = {}
TTL = float(os.environ.get("TOKEN_TTL", "3600"))


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int


@app.post("/token", response_model=Token, tags=["auth"])
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    if USERS.get(form.username) != form.password:
        raise HTTPException(400, "Incorrect username or password")
    token = secrets.token_urlsafe(24)
    TOKENS[token] = (form.username, time.time() + TTL)
    return Token(access_token=token, expires_in=int(TTL))


def current_user(token: Annotated[str, Depends(oauth2)]) -> str:
    found = TOKENS.get(token)
    if not found or found[1] < time.time():
        raise HTTPException(401, "Could not validate credentials", headers={"WWW-Authenticate": "Bearer"})
    return found[0]


User = Annotated[str, Depends(current_user)]


class Role(str, enum.Enum):
    owner = "owner"
    editor = "editor"
    viewer = "viewer"


class Priority(enum.IntEnum):
    low = 1
    normal = 2
    high = 3


class OrgCreate(BaseModel):
    name: str = Field(min_length=2, max_length=60)
    slug: str = Field(pattern=r"^[a-z0-9-]{3,40}$")
    website: HttpUrl | None = None


class Org(OrgCreate):
    id: int
    created_at: datetime


class OrgUpdate(BaseModel):
    name: str | None = Field(None, min_length=2, max_length=60)
    website: HttpUrl | None = None


class MemberCreate(BaseModel):
    email: EmailStr
    full_name: str = Field(min_length=1, max_length=100)
    role: Role = Role.viewer


class Member(MemberCreate):
    id: uuid.UUID
    org_id: int


class ProjectCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)
    description: str = Field("", max_length=2000)
    lead_id: uuid.UUID
    budget: Decimal | None = Field(None, ge=0, le=1_000_000, decimal_places=2)
    starts_on: date
    ends_on: date | None = None

    @model_validator(mode="after")
    def dates(self):
        if self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on must not be before starts_on")
        return self


class Project(BaseModel):
    id: int
    org_id: int
    name: str
    description: str
    lead_id: uuid.UUID
    budget: Decimal | None
    starts_on: date
    ends_on: date | None
    archived: bool


class ProjectPatch(BaseModel):
    name: str | None = Field(None, min_length=1, max_length=80)
    description: str | None = Field(None, max_length=2000)
    lead_id: uuid.UUID | None = None


class LabelCreate(BaseModel):
    name: str = Field(min_length=1, max_length=30)
    color: str

    @field_validator("color")
    @classmethod
    def hex_color(cls, v):
        if not (len(v) == 7 and v.startswith("#")):
            raise ValueError("color must look like #rrggbb")
        return v.lower()


class Label(LabelCreate):
    id: int


class TaskCreate(BaseModel):
    title: str = Field(min_length=1, max_length=120)
    priority: Priority = Priority.normal
    assignee_id: uuid.UUID | None = None
    label_ids: list[int] = Field(default_factory=list, max_length=10)
    due: datetime | None = None
    estimate_hours: float | None = Field(None, gt=0, le=400)


class Task(TaskCreate):
    id: int
    project_id: int
    state: Literal["todo", "doing", "done"]


class TaskPut(TaskCreate):
    state: Literal["todo", "doing", "done"]


class CommentCreate(BaseModel):
    body: str = Field(min_length=1, max_length=5000)


class Comment(CommentCreate):
    id: int
    task_id: int
    author: str


class AttachmentInfo(BaseModel):
    id: uuid.UUID
    filename: str
    size: int
    content_type: str


class Page(BaseModel):
    items: list[Task]
    total: int
    limit: int
    offset: int


class DB:
    def __init__(self):
        self.n = 0
        self.orgs, self.members, self.projects, self.labels = {}, {}, {}, {}
        self.tasks, self.comments, self.files = {}, {}, {}

    def next(self):
        self.n += 1
        return self.n


db = DB()


def get_or_404(table, key, what):
    if key not in table:
        raise HTTPException(404, f"{what} not found")
    return table[key]


@app.get("/health", tags=["meta"])
def health():
    return {"status": "ok"}


@app.get("/me", tags=["auth"])
def me(user: User) -> dict[str, str]:
    return {"username": user}


@app.post("/orgs", response_model=Org, status_code=201, responses={409: {"description": "Slug taken"}}, tags=["orgs"])
def create_org(body: OrgCreate, user: User):
    if any(o["slug"] == body.slug for o in db.orgs.values()):
        raise HTTPException(409, "slug already in use")
    o = body.model_dump() | {"id": db.next(), "created_at": datetime.now(timezone.utc)}
    db.orgs[o["id"]] = o
    return o


@app.get("/orgs", response_model=list[Org], tags=["orgs"])
def list_orgs(user: User, q: str | None = None, skip: int = Query(0, ge=0), limit: int = Query(50, ge=1, le=100)):
    rows = [o for o in db.orgs.values() if not q or q in o["name"]]
    return rows[skip:skip + limit]


NF = {404: {"description": "Not found"}}


@app.get("/orgs/{org_id}", response_model=Org, responses=NF, tags=["orgs"])
def get_org(org_id: int, user: User):
    return get_or_404(db.orgs, org_id, "org")


@app.patch("/orgs/{org_id}", response_model=Org, responses=NF, tags=["orgs"])
def update_org(org_id: int, body: OrgUpdate, user: User):
    o = get_or_404(db.orgs, org_id, "org")
    o.update(body.model_dump(exclude_unset=True))
    return o


@app.delete("/orgs/{org_id}", status_code=204, responses={**NF, 409: {"description": "Org has projects"}}, tags=["orgs"])
def delete_org(org_id: int, user: User):
    get_or_404(db.orgs, org_id, "org")
    if any(p["org_id"] == org_id for p in db.projects.values()):
        raise HTTPException(409, "org still has projects")
    del db.orgs[org_id]
    for k in [k for k, m in db.members.items() if m["org_id"] == org_id]:
        del db.members[k]


@app.post("/orgs/{org_id}/members", response_model=Member, status_code=201, responses={**NF, 409: {"description": "Already a member"}}, tags=["members"])
def add_member(org_id: int, body: MemberCreate, user: User):
    get_or_404(db.orgs, org_id, "org")
    if any(m["org_id"] == org_id and m["email"] == body.email for m in db.members.values()):
        raise HTTPException(409, "already a member")
    m = body.model_dump() | {"id": uuid.uuid4(), "org_id": org_id}
    db.members[m["id"]] = m
    return m


@app.get("/orgs/{org_id}/members", response_model=list[Member], responses=NF, tags=["members"])
def list_members(org_id: int, user: User, role: Role | None = None):
    get_or_404(db.orgs, org_id, "org")
    return [m for m in db.members.values() if m["org_id"] == org_id and (role is None or m["role"] == role)]


@app.delete("/orgs/{org_id}/members/{member_id}", status_code=204, responses=NF, tags=["members"])
def remove_member(org_id: int, member_id: uuid.UUID, user: User):
    m = get_or_404(db.members, member_id, "member")
    if m["org_id"] != org_id:
        raise HTTPException(404, "member not found")
    del db.members[member_id]


@app.post("/orgs/{org_id}/projects", response_model=Project, status_code=201, responses={**NF}, tags=["projects"])
def create_project(org_id: int, body: ProjectCreate, user: User):
    get_or_404(db.orgs, org_id, "org")
    if body.lead_id not in db.members:
        raise HTTPException(422, [{"loc": ["body", "lead_id"], "msg": "lead is not a member of this org", "type": "value_error"}])
    p = body.model_dump() | {"id": db.next(), "org_id": org_id, "archived": False}
    db.projects[p["id"]] = p
    return p


@app.get("/projects/{project_id}", response_model=Project, responses=NF, tags=["projects"])
def get_project(project_id: int, user: User):
    return get_or_404(db.projects, project_id, "project")


@app.patch("/projects/{project_id}", response_model=Project, responses=NF, tags=["projects"])
def patch_project(project_id: int, body: ProjectPatch, user: User):
    p = get_or_404(db.projects, project_id, "project")
    changes = body.model_dump(exclude_unset=True)
    if changes.get("lead_id") and changes["lead_id"] not in db.members:
        raise HTTPException(422, [{"loc": ["body", "lead_id"], "msg": "lead is not a member of this org", "type": "value_error"}])
    p.update({k: v for k, v in changes.items() if v is not None})
    return p


@app.post("/projects/{project_id}/archive", response_model=Project, responses={**NF, 409: {"description": "Already archived"}}, tags=["projects"])
def archive_project(project_id: int, user: User):
    p = get_or_404(db.projects, project_id, "project")
    if p["archived"]:
        raise HTTPException(409, "already archived")
    p["archived"] = True
    return p


@app.post("/projects/{project_id}/unarchive", response_model=Project, responses={**NF, 409: {"description": "Not archived"}}, tags=["projects"])
def unarchive_project(project_id: int, user: User):
    p = get_or_404(db.projects, project_id, "project")
    if not p["archived"]:
        raise HTTPException(409, "not archived")
    p["archived"] = False
    return p


@app.delete("/projects/{project_id}", status_code=204, responses=NF, tags=["projects"])
def delete_project(project_id: int, user: User):
    get_or_404(db.projects, project_id, "project")
    del db.projects[project_id]
    for k in [k for k, t in db.tasks.items() if t["project_id"] == project_id]:
        del db.tasks[k]


@app.post("/labels", response_model=Label, status_code=201, responses={409: {"description": "Name taken"}}, tags=["labels"])
def create_label(body: LabelCreate, user: User):
    if any(x["name"] == body.name for x in db.labels.values()):
        raise HTTPException(409, "a label with this name already exists")
    x = body.model_dump() | {"id": db.next()}
    db.labels[x["id"]] = x
    return x


@app.get("/labels", response_model=list[Label], tags=["labels"])
def list_labels(user: User):
    return list(db.labels.values())


@app.delete("/labels/{label_id}", status_code=204, responses=NF, tags=["labels"])
def delete_label(label_id: int, user: User):
    get_or_404(db.labels, label_id, "label")
    del db.labels[label_id]


def check_refs(body):
    if body.assignee_id and body.assignee_id not in db.members:
        raise HTTPException(400, "assignee not found")
    for i in body.label_ids:
        if i not in db.labels:
            raise HTTPException(400, f"label {i} not found")


@app.post("/projects/{project_id}/tasks", response_model=Task, status_code=201, responses={**NF, 400: {"description": "Bad reference"}}, tags=["tasks"])
def create_task(project_id: int, body: TaskCreate, user: User):
    get_or_404(db.projects, project_id, "project")
    check_refs(body)
    t = body.model_dump() | {"id": db.next(), "project_id": project_id, "state": "todo"}
    db.tasks[t["id"]] = t
    return t


@app.get("/projects/{project_id}/tasks", response_model=Page, responses=NF, tags=["tasks"])
def list_tasks(project_id: int, user: User, state: Literal["todo", "doing", "done"] | None = None,
               priority: Annotated[list[Priority] | None, Query()] = None,
               sort: Literal["id", "-id", "priority"] = "id",
               limit: Annotated[int, Query(ge=1, le=100)] = 20, offset: Annotated[int, Query(ge=0)] = 0):
    get_or_404(db.projects, project_id, "project")
    rows = [t for t in db.tasks.values() if t["project_id"] == project_id and (not state or t["state"] == state)
            and (not priority or t["priority"] in priority)]
    if sort == "-id":
        rows.reverse()
    elif sort == "priority":
        rows.sort(key=lambda t: t["priority"])
    return {"items": rows[offset:offset + limit], "total": len(rows), "limit": limit, "offset": offset}


@app.get("/tasks/{task_id}", response_model=Task, responses=NF, tags=["tasks"])
def get_task(task_id: int, user: User):
    return get_or_404(db.tasks, task_id, "task")


@app.put("/tasks/{task_id}", response_model=Task, responses={**NF, 400: {"description": "Bad reference"}}, tags=["tasks"])
def replace_task(task_id: int, body: TaskPut, user: User):
    t = get_or_404(db.tasks, task_id, "task")
    check_refs(body)
    t.update(body.model_dump())
    return t


@app.delete("/tasks/{task_id}", status_code=204, responses=NF, tags=["tasks"])
def delete_task(task_id: int, user: User):
    get_or_404(db.tasks, task_id, "task")
    del db.tasks[task_id]


@app.post("/tasks/{task_id}/comments", response_model=Comment, status_code=201, responses=NF, tags=["comments"])
def add_comment(task_id: int, body: CommentCreate, user: User):
    get_or_404(db.tasks, task_id, "task")
    c = body.model_dump() | {"id": db.next(), "task_id": task_id, "author": user}
    db.comments[c["id"]] = c
    return c


@app.get("/tasks/{task_id}/comments", response_model=list[Comment], responses=NF, tags=["comments"])
def list_comments(task_id: int, user: User):
    get_or_404(db.tasks, task_id, "task")
    return [c for c in db.comments.values() if c["task_id"] == task_id]


@app.post("/tasks/{task_id}/attachments", response_model=AttachmentInfo, status_code=201, responses=NF, tags=["files"])
async def upload(task_id: int, user: User, file: UploadFile = File(...), note: str = Form("", max_length=200)):
    get_or_404(db.tasks, task_id, "task")
    data = await file.read()
    a = {"id": uuid.uuid4(), "filename": file.filename or "", "size": len(data),
         "content_type": file.content_type or "application/octet-stream"}
    db.files[a["id"]] = (a, data)
    return a


@app.get("/attachments/{attachment_id}", responses=NF, tags=["files"])
def download(attachment_id: uuid.UUID, user: User):
    a, data = get_or_404(db.files, attachment_id, "attachment")
    return Response(data, media_type=a["content_type"])
