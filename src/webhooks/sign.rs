//! Secrets and signatures, as Standard Webhooks have them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// What messages to one webhook are signed with.
#[derive(Debug)]
pub struct Secret(SecretBox<[u8]>);

/// A text that is no secret. What it was is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not `whsec_` and 24 to 64 bytes in base64")]
pub struct WrongSecret;

impl Secret {
    /// A new one, and as it is written.
    ///
    /// # Errors
    /// When the operating system has no random numbers.
    pub fn make() -> Result<SecretString, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(SecretString::from(format!(
            "{PREFIX}{}",
            STANDARD.encode(bytes)
        )))
    }

    /// Reads what is written.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(written: &SecretString) -> Result<Self, WrongSecret> {
        let written = written.expose_secret().trim();
        let encoded = written.strip_prefix(PREFIX).ok_or(WrongSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WrongSecret)?;
        if !(SHORTEST..=LONGEST).contains(&bytes.len()) {
            return Err(WrongSecret);
        }
        Ok(Self(SecretBox::from(bytes.into_boxed_slice())))
    }

    /// The header `webhook-signature` of a message.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_reference() {
        // The example of the reference implementations.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let secret = Secret::read(&secret).unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_made_can_be_read_and_other_texts_cannot() {
        let made = Secret::make().unwrap();
        assert!(made.expose_secret().starts_with(PREFIX));
        assert!(Secret::read(&made).is_ok());
        for wrong in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_?",
        ] {
            let refused = Secret::read(&SecretString::from(wrong)).unwrap_err();
            assert!(!refused.to_string().contains("MfKQ"), "{refused}");
        }
        assert!(!format!("{:?}", Secret::read(&made)).contains(made.expose_secret()));
    }
}
