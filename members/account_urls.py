"""Addresses of one's own account; the names are those that django-allauth asks for."""

from django.urls import URLPattern, URLResolver, path

from members.views import account, sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("", account.Account.as_view(), name="account_home"),
    path("login/", sign_in.SignIn.as_view(), name="account_login"),
    path("logout/", sign_in.SignOut.as_view(), name="account_logout"),
    path("inactive/", sign_in.Inactive.as_view(), name="account_inactive"),
    path("code/", sign_in.SignInByCode.as_view(), name="account_code"),
    path("reauthenticate/", sign_in.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("password/reset/", sign_in.AskForCode.as_view(), name="account_reset_password"),
    path("password/change/", account.ChangePassword.as_view(), name="account_change_password"),
    path("preferences/", account.Preferences.as_view(), name="account_preferences"),
    path("contact/", account.Contact.as_view(), name="account_contact"),
    path("mail/", account.Mail.as_view(), name="account_mail"),
    path("mail/prove/", account.ProveMail.as_view(), name="account_prove_mail"),
    path("devices/", account.Devices.as_view(), name="account_devices"),
    path("devices/end/", account.EndOtherDevices.as_view(), name="account_end_devices"),
    path("2fa/", sign_in.SecondFactor.as_view(), name="mfa_index"),
    path("2fa/authenticate/", sign_in.EnterSecondFactor.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", sign_in.SecondFactorAgain.as_view(), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", sign_in.ActivateSecondFactor.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", sign_in.DeactivateSecondFactor.as_view(), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", sign_in.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/generate/", sign_in.MakeRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
]
