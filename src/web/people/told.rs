//! What is said of refusals, for programs and for people.

use axum::http::StatusCode;

use crate::language::Language;
use crate::people::{NAME_CHARACTERS, PASSWORD_BYTES, PASSWORD_CHARACTERS, PasswordFault, Refusal};

/// The status of an answer that refuses so.
pub(in crate::web) fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::WrongSignIn => StatusCode::UNAUTHORIZED,
        Refusal::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::NameTaken
        | Refusal::IdentityTaken
        | Refusal::LastAdmin
        | Refusal::TooManyKeys { .. } => StatusCode::CONFLICT,
        Refusal::WrongPassword
        | Refusal::UnknownIdentity
        | Refusal::Disabled
        | Refusal::ScopeAboveRole => StatusCode::FORBIDDEN,
        Refusal::SpentLink => StatusCode::GONE,
        Refusal::BadName
        | Refusal::BadDisplayName
        | Refusal::BadRole
        | Refusal::BadScope
        | Refusal::BadExpiry
        | Refusal::BadIdentity
        | Refusal::Password(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A name for programs that stays.
pub(in crate::web) fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotFound => "not_found",
        Refusal::WrongSignIn => "wrong_sign_in",
        Refusal::TooManyAttempts { .. } => "too_many_attempts",
        Refusal::Busy => "busy",
        Refusal::BadName => "bad_name",
        Refusal::BadDisplayName => "bad_display_name",
        Refusal::NameTaken => "name_taken",
        Refusal::BadRole => "bad_role",
        Refusal::BadScope => "bad_scope",
        Refusal::Password(PasswordFault::Short) => "password_short",
        Refusal::Password(PasswordFault::Long) => "password_long",
        Refusal::Password(PasswordFault::Common) => "password_common",
        Refusal::Password(PasswordFault::IsName) => "password_is_name",
        Refusal::WrongPassword => "wrong_password",
        Refusal::SpentLink => "link_spent",
        Refusal::UnknownIdentity => "unknown_identity",
        Refusal::Disabled => "disabled",
        Refusal::IdentityTaken => "identity_taken",
        Refusal::BadIdentity => "bad_identity",
        Refusal::LastAdmin => "last_admin",
        Refusal::ScopeAboveRole => "scope_above_role",
        Refusal::BadExpiry => "bad_expiry",
        Refusal::TooManyKeys { .. } => "too_many_keys",
    }
}

/// The field that is wrong, if it is one.
pub(in crate::web) fn field(refusal: Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::BadName | Refusal::NameTaken => Some("name"),
        Refusal::BadDisplayName => Some("display_name"),
        Refusal::BadRole => Some("role"),
        Refusal::BadIdentity | Refusal::IdentityTaken => Some("subject"),
        Refusal::BadScope | Refusal::ScopeAboveRole => Some("scope"),
        Refusal::Password(_) => Some("password"),
        Refusal::WrongPassword => Some("present"),
        Refusal::BadExpiry => Some("expires_in_days"),
        _ => None,
    }
}

/// Seconds after which another try may be worth while, if one may be.
pub(in crate::web) fn retry_after(refusal: Refusal) -> Option<u64> {
    match refusal {
        Refusal::TooManyAttempts { seconds } => Some(seconds),
        Refusal::Busy => Some(3),
        _ => None,
    }
}

/// A sentence for people.
pub(in crate::web) fn sentence(refusal: Refusal, language: Language) -> String {
    let (ko, en) = match refusal {
        Refusal::NotFound => (
            "찾으시는 항목이 없습니다.".to_owned(),
            "There is no such thing.".to_owned(),
        ),
        Refusal::WrongSignIn => (
            "이름이나 비밀번호가 맞지 않습니다.".to_owned(),
            "The name or the password is wrong.".to_owned(),
        ),
        Refusal::TooManyAttempts { seconds } => (
            format!("여러 번 틀렸습니다. {seconds}초 뒤에 다시 시도해 주세요."),
            format!("Too many attempts. Try again in {seconds} seconds."),
        ),
        Refusal::Busy => (
            "지금은 로그인하려는 사용자가 많습니다. 잠시 뒤 다시 시도해 주세요.".to_owned(),
            "Many people are signing in. Try again soon.".to_owned(),
        ),
        Refusal::BadName => (
            format!(
                "이름에는 글자, 숫자, -_.@+를 {NAME_CHARACTERS}자까지 쓸 수 있고 공백은 쓸 수 없습니다."
            ),
            format!(
                "A name has up to {NAME_CHARACTERS} letters, digits and -_.@+, without spaces."
            ),
        ),
        Refusal::BadDisplayName => (
            format!("표시 이름은 1자 이상 {NAME_CHARACTERS}자 이하여야 합니다."),
            format!("A display name has 1 to {NAME_CHARACTERS} characters."),
        ),
        Refusal::NameTaken => (
            "다른 사용자가 이미 쓰는 이름입니다.".to_owned(),
            "Another person has this name.".to_owned(),
        ),
        Refusal::BadRole => (
            "역할은 reader, editor, admin 중 하나여야 합니다.".to_owned(),
            "The role is reader, editor or admin.".to_owned(),
        ),
        Refusal::BadScope => (
            "키의 권한은 read, write, admin 중 하나여야 합니다.".to_owned(),
            "The scope is read, write or admin.".to_owned(),
        ),
        Refusal::Password(PasswordFault::Short) => (
            format!("비밀번호는 {PASSWORD_CHARACTERS}자 이상이어야 합니다."),
            format!("A password has at least {PASSWORD_CHARACTERS} characters."),
        ),
        Refusal::Password(PasswordFault::Long) => (
            format!("비밀번호가 너무 깁니다. {PASSWORD_BYTES}바이트 이하여야 합니다."),
            format!("The password is too long: at most {PASSWORD_BYTES} bytes."),
        ),
        Refusal::Password(PasswordFault::Common) => (
            "너무 흔한 비밀번호입니다. 다른 비밀번호를 입력해 주세요.".to_owned(),
            "This password is among the most common ones. Choose another.".to_owned(),
        ),
        Refusal::Password(PasswordFault::IsName) => (
            "비밀번호가 이름과 같습니다. 다른 비밀번호를 입력해 주세요.".to_owned(),
            "The password is the name. Choose another.".to_owned(),
        ),
        Refusal::WrongPassword => (
            "현재 비밀번호가 맞지 않습니다.".to_owned(),
            "The current password is wrong.".to_owned(),
        ),
        Refusal::SpentLink => (
            "이미 썼거나 만료된 링크입니다. 관리자에게 새 링크를 요청해 주세요.".to_owned(),
            "This link was used already or has run out. Ask an administrator for another."
                .to_owned(),
        ),
        Refusal::UnknownIdentity => (
            "이 로그인과 연결된 계정이 없습니다. 관리자에게 연결을 요청해 주세요.".to_owned(),
            "No account here is linked with this identity. Ask an administrator to link it."
                .to_owned(),
        ),
        Refusal::Disabled => (
            "사용이 중지된 계정입니다. 관리자에게 문의해 주세요.".to_owned(),
            "This account is disabled. Ask an administrator.".to_owned(),
        ),
        Refusal::IdentityTaken => (
            "이미 다른 계정과 연결된 식별자입니다.".to_owned(),
            "This identity is linked with an account already.".to_owned(),
        ),
        Refusal::BadIdentity => (
            "식별자는 1자 이상 255자 이하여야 하며 제어 문자를 쓸 수 없습니다.".to_owned(),
            "An identity has 1 to 255 characters and no control characters.".to_owned(),
        ),
        Refusal::LastAdmin => (
            "로그인할 수 있는 마지막 관리자입니다. 먼저 다른 관리자를 만들어 주세요.".to_owned(),
            "This is the last administrator who can sign in. Make another one first.".to_owned(),
        ),
        Refusal::ScopeAboveRole => (
            "키에 소유자보다 높은 권한을 줄 수 없습니다.".to_owned(),
            "A key cannot do more than its owner may.".to_owned(),
        ),
        Refusal::BadExpiry => (
            "키의 만료 기한은 1일 이상 3650일 이하여야 합니다.".to_owned(),
            "A key ends after 1 to 3650 days.".to_owned(),
        ),
        Refusal::TooManyKeys { limit } => (
            format!("키는 {limit}개까지 만들 수 있습니다. 쓰지 않는 키를 폐기해 주세요."),
            format!("There may be {limit} keys. Revoke those that are not used."),
        ),
    };
    match language {
        Language::Ko => ko,
        Language::En => en,
    }
}
