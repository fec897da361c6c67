//! Passwords: which are taken, and how they are hashed.
//!
//! Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane), a few at a
//! time and off the threads that serve. There are no rules of composition: length and not being
//! a common one is what counts.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use super::types::{Name, PeopleError, Refusal};

/// A shorter password is guessed.
pub const PASSWORD_CHARACTERS: usize = 10;
/// A longer one would only make the machine work.
pub const PASSWORD_BYTES: usize = 1024;
/// Passwords hashed at once: each takes 19 MiB and a core for a moment.
const AT_ONCE: usize = 2;
/// Those that may wait for that; more are told to come back.
const WAITING: usize = 64;
/// The most common passwords of at least ten characters, folded, a line each.
const COMMON: &str = include_str!("common_passwords.txt");
/// Looked at in place of the hash of somebody who is not there, so that it takes as long. No
/// password is known that has it, and who is not there is not let in.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too short.
    #[error("a password has at least {PASSWORD_CHARACTERS} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {PASSWORD_BYTES} bytes")]
    Long,
    /// One of those that are tried first.
    #[error("this password is one of the most common ones")]
    Common,
    /// The name of its owner.
    #[error("the password is the name")]
    IsName,
}

/// A password that may be somebody's, in one form however it was typed.
#[derive(Clone, Debug)]
pub(super) struct Password(SecretString);

impl Password {
    /// Looks whether `typed` may be the password of `name`.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) fn new(typed: &SecretString, name: &Name) -> Result<Self, PasswordFault> {
        let text = normal(typed.expose_secret()).ok_or(PasswordFault::Long)?;
        if text.chars().count() < PASSWORD_CHARACTERS {
            return Err(PasswordFault::Short);
        }
        let folded = text.to_lowercase();
        let mut chars = folded.chars();
        let first = chars.next();
        let is_one_character = chars.all(|char| Some(char) == first);
        if is_one_character || COMMON.lines().any(|common| common == folded) {
            return Err(PasswordFault::Common);
        }
        if folded == name.as_str() {
            return Err(PasswordFault::IsName);
        }
        Ok(Self(SecretString::from(text)))
    }
}

/// NFKC, so that a password is the same from every keyboard; none if it is too long.
fn normal(typed: &str) -> Option<String> {
    if typed.len() > PASSWORD_BYTES {
        return None;
    }
    let text: String = typed.nfkc().collect();
    (text.len() <= PASSWORD_BYTES).then_some(text)
}

/// Hashes passwords.
#[derive(Debug)]
pub(super) struct Hasher {
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(AT_ONCE + WAITING),
        }
    }
}

impl Hasher {
    /// The hash of a password with a salt of its own, as a PHC string.
    pub(super) async fn hash(&self, password: Password) -> Result<String, PeopleError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        self.run(move || {
            let hashed = Argon2::default()
                .hash_password_with_salt(password.0.expose_secret().as_bytes(), &salt);
            hashed
                .map(|hashed| hashed.to_string())
                .map_err(|error| PeopleError::Hashing(error.to_string()))
        })
        .await?
    }

    /// Whether `typed` is the password with this hash. It takes as long if there is no hash.
    pub(super) async fn is_right(
        &self,
        typed: &SecretString,
        hash: Option<String>,
    ) -> Result<bool, PeopleError> {
        // What is too long is nobody's password; it is looked at as an empty one.
        let text = normal(typed.expose_secret());
        let may_be_right = text.is_some() && hash.is_some();
        let text = SecretString::from(text.unwrap_or_default());
        let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
        let fits = self
            .run(move || {
                let fits =
                    Argon2::default().verify_password(text.expose_secret().as_bytes(), &*hash);
                match fits {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(error) => Err(PeopleError::Hashing(error.to_string())),
                }
            })
            .await??;
        Ok(fits && may_be_right)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PeopleError> {
        let _waits = self.waiting.try_acquire().map_err(|_| Refusal::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|error| PeopleError::Hashing(error.to_string()))?;
        // Who leaves while it runs does not give the place to another one before it ends.
        let done = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        done.await
            .map_err(|error| PeopleError::Hashing(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Name {
        "mina.kim@example".parse().unwrap()
    }

    fn taken(text: &str) -> Result<Password, PasswordFault> {
        Password::new(&SecretString::from(text.to_owned()), &name())
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        for good in [
            "correct horse battery staple",
            "가나다라마바사아자차",
            "alllowercase",
            "          x",
        ] {
            assert!(taken(good).is_ok(), "{good}");
        }
        assert_eq!(taken("short-one").unwrap_err(), PasswordFault::Short);
        // Ten bytes are not ten characters.
        assert_eq!(taken("가나다라").unwrap_err(), PasswordFault::Short);
        assert_eq!(
            taken(&"long ".repeat(300)).unwrap_err(),
            PasswordFault::Long
        );
        // One character of three bytes becomes eighteen characters.
        assert_eq!(
            taken(&"\u{FDFA}".repeat(300)).unwrap_err(),
            PasswordFault::Long
        );
    }

    #[test]
    fn common_passwords_and_names_are_refused() {
        for common in ["1234567890", "Password123", "QWERTYUIOP", "aaaaaaaaaaaa"] {
            assert_eq!(
                taken(common).unwrap_err(),
                PasswordFault::Common,
                "{common}"
            );
        }
        assert_eq!(
            taken("Mina.Kim@Example").unwrap_err(),
            PasswordFault::IsName
        );
        for line in COMMON.lines() {
            let folded = line.trim().to_lowercase();
            assert_eq!(line, folded, "the list is folded");
            assert!(line.chars().count() >= PASSWORD_CHARACTERS, "{line}");
        }
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_however_it_was_typed() {
        let hasher = Hasher::default();
        let typed = "각각의 열쇠 말 하나";
        let hash = hasher.hash(taken(typed).unwrap()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(!hash.contains(typed));
        let again = hasher.hash(taken(typed).unwrap()).await.unwrap();
        assert_ne!(hash, again, "each has a salt of its own");
        let apart: String = typed.nfd().collect();
        assert_ne!(apart, typed);
        for (typed, right) in [(typed, true), (&*apart, true), ("another one", false)] {
            let typed = SecretString::from(typed.to_owned());
            let fits = hasher.is_right(&typed, Some(hash.clone())).await.unwrap();
            assert_eq!(fits, right);
        }
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_too_long_ones_are_nobodys() {
        let hasher = Hasher::default();
        for typed in [String::new(), "a password".to_owned(), "x".repeat(5000)] {
            let typed = SecretString::from(typed);
            assert!(!hasher.is_right(&typed, None).await.unwrap());
        }
        assert!(
            hasher
                .is_right(&SecretString::from("x"), Some("no hash".to_owned()))
                .await
                .is_err(),
            "a damaged hash lets nobody in"
        );
    }
}
