//! Signs requests to a store, version 4 of AWS's signatures: the keys prove themselves and are
//! not sent.
//!
//! By hand, since crates for it bring a client of their own that can be led elsewhere, and names
//! of their own for keys: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::encoding::{hex, percent_encoded};

/// The SHA-256 of nothing: what is asked for has no body.
pub(super) const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What a request is signed with.
pub(super) struct Signer<'a> {
    pub(super) access: &'a SecretString,
    pub(super) secret: &'a SecretString,
    pub(super) region: &'a str,
}

/// What is signed of a request without a body.
pub(super) struct Request<'a> {
    pub(super) host: &'a str,
    /// As [`encode_path`] writes it.
    pub(super) path: &'a str,
    /// As [`encode_query`] writes it.
    pub(super) query: &'a str,
    /// When, such as `20130524T000000Z`.
    pub(super) time: &'a str,
}

impl Signer<'_> {
    /// The value of `Authorization` for a GET request, which also has the headers
    /// `x-amz-content-sha256` and `x-amz-date`.
    pub(super) fn authorization(&self, request: &Request<'_>) -> SecretString {
        const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";
        let Request {
            host,
            path,
            query,
            time,
        } = request;
        let canonical = format!(
            "GET\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{NO_BODY}\nx-amz-date:{time}\n\n{SIGNED}\n{NO_BODY}"
        );
        let day = time.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let mut key = mac(
            format!("AWS4{}", self.secret.expose_secret()).as_bytes(),
            day,
        );
        for part in [self.region, "s3", "aws4_request", &to_sign] {
            key = mac(&key, part);
        }
        SecretString::from(format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED}, Signature={}",
            self.access.expose_secret(),
            hex(&key)
        ))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A path as it is signed and sent: all but letters, digits, `-._~` and `/` as percent signs.
pub(super) fn encode_path(path: &str) -> String {
    percent_encoded(path, b"/")
}

/// A query as it is signed and sent; `pairs` are in the order of their names.
pub(super) fn encode_query(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&percent_encoded(name, b""));
        query.push('=');
        query.push_str(&percent_encoded(value, b""));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, query: &str, host: &str, signature: &str) {
        let access = SecretString::from("AKIAIOSFODNN7EXAMPLE");
        let secret = SecretString::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let signer = Signer {
            access: &access,
            secret: &secret,
            region: "us-east-1",
        };
        let signed = signer.authorization(&Request {
            host,
            path,
            query,
            time: "20130524T000000Z",
        });
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
        );
        assert_eq!(signed.expose_secret(), expected);
    }

    /// The examples of AWS's documentation.
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let host = "examplebucket.s3.amazonaws.com";
        check(
            "/",
            "lifecycle=",
            host,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        );
        check(
            "/",
            &encode_query(&[("max-keys", "2"), ("prefix", "J")]),
            host,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        );
    }

    /// Computed with botocore's `S3SigV4Auth`.
    #[test]
    fn korean_and_odd_names_are_signed_as_botocore_signs_them() {
        let path = encode_path("/documents/규정 2026/휴가//a+b&c=%20#~.pdf");
        assert_eq!(
            path,
            "/documents/%EA%B7%9C%EC%A0%95%202026/%ED%9C%B4%EA%B0%80//a%2Bb%26c%3D%2520%23~.pdf"
        );
        check(
            &path,
            "",
            "minio.intranet:9000",
            "3f60f9df191cf1f54491483353af8696bc4802a4ff5f2af67819c1b4819ad479",
        );
    }
}
