"""Lists of words and choices of the committee: changing them is an act, and never rewrites what was decided."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from members import audit
from members.errors import Refused, Stale, WrongStep
from members.models import Person
from proposals.handling.models import Policy
from proposals.models import ReviewPass
from proposals.vocabularies import CHOICES, Choice, Vocabulary, history_of, stamp

from .base import today

CHANGED = "您打开本页之后，这一条已被他人修改。"


def uses_of(row: models.Model) -> int:
    """How many rows anywhere stand on this one."""
    links = [link for link in row._meta.get_fields(include_hidden=True) if link.one_to_many and link.auto_created]
    return sum(_uses(link, row) for link in links)


def _uses(link: Any, row: models.Model) -> int:
    amount: int = link.related_model._base_manager.filter(**{link.field.name: row}).count()
    return amount


@transaction.atomic
def add_row(words: Vocabulary, values: Mapping[str, Any], *, by: Person, now: datetime) -> models.Model:
    row = words.model(**words.only, **values)
    if words.end == "ends_on":
        setattr(row, "starts_on", today(now))  # noqa: B010  # dated vocabularies have it, the base class does not
    _keep(words, row)
    _note("add_setting", words, row, by=by, now=now, **values)
    return row


@transaction.atomic
def change_row(
    words: Vocabulary, pk: int, values: Mapping[str, Any], *, by: Person, now: datetime, seen: int | None
) -> models.Model:
    """Write a row anew. What is in use keeps its words: papers and figures of the past would change with them."""
    row = _locked(words, pk, seen)
    if getattr(row, words.end):
        raise WrongStep("已停用的条目不能修改，请先恢复使用。")
    old = {name: getattr(row, name) for name in values}
    changed = {name for name, value in values.items() if value != old[name]}
    if written_once := changed & words.fixed:
        raise Refused("这一栏登记后不再修改，请停用这一条后另行新增。", field=min(written_once))
    if (strict := changed - words.loose) and (amount := uses_of(row)):
        raise Refused(f"已有 {amount} 处使用这一条，改写会改变它们的记录。请停用后另行新增。", field=min(strict))
    for name, value in values.items():
        setattr(row, name, value)
    _keep(words, row)
    _note("change_setting", words, row, by=by, now=now, old=old, new=dict(values))
    return row


@transaction.atomic
def retire_row(words: Vocabulary, pk: int, *, by: Person, now: datetime, seen: int | None) -> None:
    """From now on nobody may choose it; whatever stands on it keeps it."""
    row = _locked(words, pk, seen)
    if getattr(row, words.end):
        raise WrongStep("这一条已经停用了。")
    if words.keep_one and words.current().count() == 1:
        raise Refused(f"至少要保留一项{words.label}，请先新增再停用。")
    # `ended_on` is the first day without the row, `ends_on` the last one with it
    setattr(row, words.end, today(now) if words.end == "ended_on" else today(now) - timedelta(days=1))
    _keep(words, row)
    _note("retire_setting", words, row, by=by, now=now)


@transaction.atomic
def resume_row(words: Vocabulary, pk: int, *, by: Person, now: datetime, seen: int | None) -> None:
    row = _locked(words, pk, seen)
    if not getattr(row, words.end):
        raise WrongStep("这一条正在使用。")
    setattr(row, words.end, None)
    _keep(words, row)
    _note("resume_setting", words, row, by=by, now=now)


@transaction.atomic
def remove_row(words: Vocabulary, pk: int, *, by: Person, now: datetime, seen: int | None) -> None:
    """Delete a row that nothing ever stood on, as one typed by mistake; any other is only retired."""
    row = _locked(words, pk, seen)
    if amount := uses_of(row):
        raise Refused(f"已有 {amount} 处使用这一条，不能删除，只能停用：已有的记录会保留它。")
    if words.keep_one and not getattr(row, words.end) and words.current().count() == 1:
        raise Refused(f"至少要保留一项{words.label}，请先新增再删除。")
    _note("remove_setting", words, row, by=by, now=now, **{name: getattr(row, name) for name in words.columns})
    row.delete()
    _last_pass_decides(words)


def _locked(words: Vocabulary, pk: int, seen: int | None) -> models.Model:
    row: models.Model | None = words.rows().select_for_update().filter(pk=pk).first()
    if row is None:
        raise WrongStep("这一条已被他人删除。")
    if seen is not None and seen != words.version_of(row):
        raise Stale(CHANGED)
    return row


def shown(row: models.Model, name: str) -> Any:
    """A column as people read it: of one with choices the label."""
    label = getattr(row, f"get_{name}_display", None)
    return label() if label else getattr(row, name)


def _keep(words: Vocabulary, row: models.Model) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        value = shown(row, words.name_field)
        raise Refused(f"“{value}”已经有了，请换一个，或恢复使用原来的一条。", field=words.name_field) from error
    _last_pass_decides(words)


def _last_pass_decides(words: Vocabulary) -> None:
    if words.model is not ReviewPass:
        return
    passes = ReviewPass.objects.filter(ended_on=None)
    last = passes.order_by("-order").first()
    passes.update(final=False)
    if last:
        ReviewPass.objects.filter(pk=last.pk).update(final=True)


def _note(verb: str, words: Vocabulary, row: models.Model, *, by: Person, now: datetime, **facts: Any) -> None:
    audit.record(f"proposals.{verb}", by=by, now=now, subject=f"{words.key}-{row.pk}", **facts)


def value_on(choice: Choice, on: date) -> str:
    return value_in(history_of(choice), choice, on)


def value_in(history: Iterable[Policy], choice: Choice, on: date) -> str:
    """The value that holds on that day by these rows, newest first."""
    return next((row.value for row in history if row.starts_on <= on), choice.default)


def version_of_choice(choice: Choice) -> int:
    return stamp([(row.value, row.starts_on) for row in history_of(choice)])


@transaction.atomic
def choose(choice: Choice, value: str, *, starts_on: date, by: Person, now: datetime, seen: int | None) -> Policy:
    """Let a choice of the committee hold from a day on; matters already under way follow the rule of their own day."""
    list(Policy.objects.select_for_update().filter(code__in=CHOICES).order_by("pk"))
    if seen is not None and seen != version_of_choice(choice):
        raise Stale(CHANGED)
    if starts_on < today(now):
        raise Refused("生效日期不能早于今天。", field="starts_on")
    if value == value_on(choice, starts_on):
        raise Refused("从这一天起本来就是这样规定的。", field="value")
    _soft_below_hard(choice, value, starts_on)
    row, made = Policy.objects.get_or_create(code=choice.code, starts_on=starts_on, defaults={"value": value})
    old, row.value = row.value, value
    row.save(update_fields=["value"])
    instead = {} if made else {"instead_of": old}
    audit.record("proposals.choose", by=by, now=now, subject=choice.code, value=value, starts_on=starts_on, **instead)
    return row


def _soft_below_hard(choice: Choice, value: str, on: date) -> None:
    """The advised length never passes the most, on any day from `on`."""
    soft, hard = CHOICES["body_soft_characters"], CHOICES["body_hard_characters"]
    other = {soft.code: hard, hard.code: soft}.get(choice.code)
    if other is None:
        return
    later = [row.value for row in history_of(other) if row.starts_on > on]
    for one in map(int, [value_on(other, on), *later]):
        if (int(value) > one) if choice is soft else (int(value) < one):
            raise Refused("正文建议字数不能超过正文字数上限。", field="value")
