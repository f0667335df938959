"""Forms of handling: they check input, the actions check rules."""

from .deciding import (
    AddUnitForm,
    AskUnitForm,
    ChaseForm,
    ConsultationForm,
    CoordinateForm,
    DecideExtensionForm,
    DecideObjectionForm,
    QuietForm,
    ReasonForm,
    ReturnForm,
    SecrecyForm,
    SheetForm,
    SuccessorForm,
    TransferForm,
)
from .evaluating import AppraisalForm, CheckedForm, EvaluationForm, ExplanationForm, PaperEvaluationForm, RejectForm
from .fields import ActForm
from .replying import ReplyForm, SendReplyForm
from .unit import (
    AnswerObjectionForm,
    ContactAnswerForm,
    ContactForm,
    ExtensionForm,
    ObjectionForm,
    OpinionForm,
    PassInsideForm,
)

__all__ = [
    "ActForm",
    "AddUnitForm",
    "AnswerObjectionForm",
    "AppraisalForm",
    "AskUnitForm",
    "ChaseForm",
    "CheckedForm",
    "ConsultationForm",
    "ContactAnswerForm",
    "ContactForm",
    "CoordinateForm",
    "DecideExtensionForm",
    "DecideObjectionForm",
    "EvaluationForm",
    "ExplanationForm",
    "ExtensionForm",
    "ObjectionForm",
    "OpinionForm",
    "PaperEvaluationForm",
    "PassInsideForm",
    "QuietForm",
    "ReasonForm",
    "RejectForm",
    "ReplyForm",
    "ReturnForm",
    "SecrecyForm",
    "SendReplyForm",
    "SheetForm",
    "SuccessorForm",
    "TransferForm",
]
