"""Forms of what spans the floors."""

from django import forms

from config.portal.actions.registers import session_parts
from members.errors import Refused
from members.forms import PlainForm


class RegisterForm(PlainForm):
    """A register to import, and the session that it belongs to."""

    session = forms.CharField(
        label="届次", max_length=8, help_text="写作“届-次”，例如 14-2 表示十四届二次会议；没有的届次会自动建立。"
    )
    file = forms.FileField(
        label="登记表", help_text="Excel（.xlsx）或 CSV 表格，不超过 10 MB。须有“提案编号”和“案由”两列。"
    )
    sheet = forms.CharField(
        label="工作表", max_length=100, required=False, help_text="有多张工作表时，不填就自动选择像登记表的一张。"
    )

    def clean_session(self) -> str:
        code: str = self.cleaned_data["session"].replace("—", "-").replace("－", "-").strip()
        try:
            session_parts(code)
        except Refused as error:
            raise forms.ValidationError(str(error)) from error
        return code
