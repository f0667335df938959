"""Forms that do something: one call into the domain, its refusal as a form error, twice sent is once done."""

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone

from members import keeping
from members.errors import Refused, Stale, WrongStep
from members.forms import in_plain_words, plain, typed_in
from members.models.once import Once
from members.pages.page import M, Page, RowMixin
from members.shown import Fact


class Repeated(Exception):
    """The same form came a second time; `answer` is where the first one led."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class FormPage(Page):
    """A form that does one thing when it is sent.

    `form_valid` makes one call into the domain. What the domain refuses comes back as a form error with everything that
    was typed; sending the same form twice does it once.
    """

    template_name = "pages/form.html"
    form_class: ClassVar[type[forms.BaseForm]] = forms.Form
    submit_label: str = "提交"
    done_sentence: str = ""
    back_url: str = ""

    def prepare(self) -> None:
        """Fetch what the form is about, before GET and POST."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        typed = keeping.take(request)
        if typed is not None:
            return self.show_again(typed)
        self.prepare()
        return self.show(self.get_form())

    def show_again(self, typed: QueryDict) -> HttpResponseBase:
        """Show the form with what was sent after the sign-in had ended; nothing is done yet."""
        assert not self.request.FILES  # reading them later would replace what was typed
        self.request.method = "POST"
        self.request.POST = typed  # type: ignore[assignment]  # nobody changes it
        self.prepare()
        form = self.get_form()
        form.add_error(None, keeping.SENTENCE)
        return self.show(form)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        form = self.get_form()
        try:
            self.check_version()
            if not form.is_valid():
                return self.form_invalid(form)
            return self.form_valid_once(form)
        except Repeated as repeated:
            return HttpResponseRedirect(repeated.answer or self.get_back_url() or request.path)
        except Stale as error:
            return self.conflict(form, str(error))
        except (WrongStep, Refused) as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
            return self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Make the one call, and say where to go next."""
        raise NotImplementedError

    def form_valid_once(self, form: Any) -> HttpResponseBase:
        """Call `form_valid` in one transaction with the claim of the form's key (S10)."""
        with transaction.atomic():
            claim = self._claim()
            self.check_locked()
            response = self.form_valid(form)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif claim:
                Once.objects.filter(pk=claim.pk).update(answer=response.headers.get("Location", ""))
        if self.done_sentence and response.status_code < 400:
            messages.success(self.request, self.done_sentence)
        return response

    def _claim(self) -> Once | None:
        key = _uuid(self.request.POST.get("once", ""))
        if not key or not self.request.user.is_authenticated:
            return None
        claim, first = Once.begin(self.person, self.request.path[:120], str(key), now=timezone.now())
        if not first:
            raise Repeated(claim.answer)
        return claim

    def sending(self) -> str:
        """The key of this form, for what it makes to be told in one message a person. Raises Refused without one."""
        key = _uuid(self.request.POST.get("once", ""))
        if key is None:
            raise Refused("页面已经过期，请从列表重新选择后再提交。")
        return str(key)

    def form_invalid(self, form: Any) -> HttpResponseBase:
        response = self.show(form)
        response.status_code = 422
        return response

    def show(self, form: Any) -> TemplateResponse:
        response = self.render_to_response(self.get_context_data(form=form))
        assert isinstance(response, TemplateResponse)
        return response

    def get_form(self) -> Any:
        form = self.form_class(**self.get_form_kwargs())
        in_plain_words(form)
        return form

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = {"initial": self.get_initial()}
        if self.request.method == "POST":
            kwargs.update(data=plain(self.request.POST), files=self.request.FILES)
        return kwargs

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_back_url(self) -> str:
        way = self.crumbs()
        return self.back_url or (way[-1].url if way else "")

    def version(self) -> int | str | None:
        """The version of the row as it stands now; `None` where nothing can be overtaken."""
        return None

    def opened_version(self) -> int | None:
        """The version this person saw when opening the form; an action may check it again under its lock."""
        raw = self.request.POST.get("version", "")
        return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None

    def check_version(self) -> None:
        if self.version() is not None and self.opened_version() not in (None, self.version()):
            raise Stale("您打开本页之后，这条内容已被他人修改。")

    def check_locked(self) -> None:
        """Inside the transaction, just before `form_valid`: a page may lock what it is about, look again and raise Stale."""

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """Show what was typed beside the way to the present text: nothing is overwritten, nothing is lost."""
        return self.both_texts(sentence, typed_in(form), self.stands(), reload_url=self.request.get_full_path())

    def stands(self) -> list[Fact]:
        """What stands now, where the page shows it beside what was typed."""
        return []

    def both_texts(self, sentence: str, typed: list[Fact], stored: list[Fact], **more: Any) -> TemplateResponse:
        context = {"title": "内容已被他人修改", "sentence": sentence, "typed": typed, "stored": stored, **more}
        return TemplateResponse(self.request, "409.html", context, status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            submit_label=self.submit_label,
            back_url=self.get_back_url(),
            version=self.version(),
            once=self.request.POST.get("once") or uuid.uuid4(),
            **kwargs,
        )


class ActionPage(RowMixin[M], FormPage):
    """A form that acts on one row out of those in this person's hands."""

    def prepare(self) -> None:
        self.object = self.get_object()

    def version(self) -> int | str | None:
        return getattr(self.object, "version", None)

    def facts(self) -> list[Fact]:
        """What the act will touch."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "facts" not in kwargs:
            kwargs["facts"] = self.facts()
        return super().get_context_data(object=self.object, **kwargs)


class ConfirmPage(ActionPage[M]):
    """Asks before an act that leaves the house or cannot be undone: what happens, to whom, and one button that says it."""

    template_name = "pages/confirm.html"
    question: str = ""
    danger: ClassVar[bool] = False

    def get_question(self) -> str:
        return self.question

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(question=self.get_question(), danger=self.danger, **kwargs)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
