//! Signing in by a provider of identities, against a small one that says what it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::url::Url;
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use veracite::config::Config;
use veracite::people::{PersonChange, Role};

use crate::audit::entries;
use crate::people::{Reply, Server};

fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    // PKCS #8 around 32 bytes.
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    der.extend([seed; 32]);
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der)
    );
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new("1".to_owned())))
        .unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token(claims: &Value, by: &CoreEdDsaPrivateSigningKey) -> String {
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "1" });
    let signed = format!("{}.{}", part(&header), part(claims));
    let algorithm = CoreJwsSigningAlgorithm::EdDsa;
    let signature = by.sign(&algorithm, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What the provider does next.
#[derive(Debug, Default)]
struct Plan {
    token: String,
    /// What it says of the person beside the token.
    more: Value,
    /// What the verifier must fit.
    challenge: String,
    /// How the client showed who it is.
    shown: Vec<String>,
}

#[derive(Clone)]
struct Provider {
    issuer: String,
    plan: Arc<Mutex<Plan>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            plan: Arc::default(),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(give))
            .route("/me", get(more))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// A configuration with this provider in it.
    fn configure(&self, more: &str) -> impl FnOnce(&mut Config) {
        let text = format!(
            "public_address = \"http://localhost:8420\"\ntrusted_proxies = [\"10.0.0.5\"]\n\
             [[oidc]]\nid = \"company\"\nname = \"Company\"\nissuer = \"{}\"\nclient_id = \"veracite\"\n\
             groups_claim = \"groups\"\n{more}\n",
            self.issuer
        );
        move |config| {
            config.server = toml::from_str(&text).unwrap();
            config.server.validate().unwrap();
        }
    }

    /// What it will say: these claims beside those that every token has.
    fn says(&self, away: &Away, claims: &Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut all = json!({
            "iss": self.issuer, "aud": "veracite", "sub": "7", "nonce": away.nonce,
            "iat": now.as_secs(), "exp": now.as_secs() + 300,
        });
        let claims = claims.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(claims);
        all
    }

    fn gives(&self, away: &Away, token: String) {
        let mut plan = self.plan.lock().unwrap();
        plan.token = token;
        plan.challenge.clone_from(&away.challenge);
    }
}

async fn describe(State(provider): State<Provider>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/me"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    }))
}

async fn keys() -> Json<Value> {
    let key = key(1).as_verification_key();
    Json(json!({ "keys": [serde_json::to_value(key).unwrap()] }))
}

async fn give(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let mut plan = provider.plan.lock().unwrap();
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.map(|shown| shown.to_str().unwrap().to_owned());
    plan.shown.extend(shown);
    let fits = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == plan.challenge;
    if !fits || form["code"] != "right" || form["grant_type"] != "authorization_code" {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "invalid_grant" })),
        );
    }
    assert_eq!(
        form["redirect_uri"],
        "http://localhost:8420/sign-in/with/company/back"
    );
    let body = json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": plan.token });
    (StatusCode::OK, Json(body))
}

async fn more(State(provider): State<Provider>) -> Json<Value> {
    let plan = provider.plan.lock().unwrap();
    if !plan.more.is_null() {
        return Json(plan.more.clone());
    }
    // No more than the token says.
    let payload = plan.token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    Json(json!({ "sub": claims["sub"] }))
}

/// One who was sent to the provider.
struct Away {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

fn set(reply: &Reply, name: &str) -> Option<String> {
    let all = reply.headers.get_all(header::SET_COOKIE).iter();
    all.map(|set| set.to_str().unwrap().to_owned())
        .find(|set| set.contains(name))
}

async fn send(server: &Server, next: &str) -> Away {
    send_by(server, next, "").await
}

/// The same for one who has a cookie.
async fn send_by(server: &Server, next: &str, cookie: &str) -> Away {
    let path = format!("/sign-in/with/company?next={next}");
    let reply = server.page(&path, cookie).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let url = Url::parse(reply.location()).unwrap();
    let pairs: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/authorize");
    assert_eq!(pairs["response_type"], "code");
    assert_eq!(pairs["code_challenge_method"], "S256");
    assert_eq!(pairs["scope"], "openid profile email");
    let cookie = set(&reply, "veracite_away").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let value = cookie.split(';').next().unwrap().to_owned();
    assert!(!reply.location().contains(value.split_once('=').unwrap().1));
    Away {
        cookie: value,
        state: pairs["state"].clone(),
        nonce: pairs["nonce"].clone(),
        challenge: pairs["code_challenge"].clone(),
    }
}

fn back(state: &str) -> String {
    format!("/sign-in/with/company/back?code=right&state={state}")
}

/// Signs one in of whom the provider says `claims`.
async fn sign_in(server: &Server, provider: &Provider, claims: &Value) -> Reply {
    let away = send(server, "%2Fdocuments").await;
    let claims = provider.says(&away, claims);
    provider.gives(&away, token(&claims, &key(1)));
    server.page(&back(&away.state), &away.cookie).await
}

async fn session(server: &Server, reply: &Reply) -> Value {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let cookie = reply.cookie().unwrap();
    let who = server.get("/v1/session", &[("cookie", &cookie)]).await;
    who.json()
}

/// The variable is one that every process has; what is in it only has to be the same each time.
const MAPPED: &str =
    "make_accounts = true\nroles = { writers = \"editor\" }\nclient_secret = { env = \"PATH\" }";

#[tokio::test]
async fn a_person_comes_in_by_a_provider_with_its_groups_and_role() {
    let provider = Provider::start().await;
    let server = Server::new(provider.configure(MAPPED)).await;
    let page = server.page("/sign-in?next=%2Fdocuments", "").await;
    assert!(page.body.contains("Sign in with Company"), "{}", page.body);
    assert!(
        page.body
            .contains("/sign-in/with/company?next=%2Fdocuments")
    );
    let claims = json!({
        "preferred_username": "Mina", "name": "김민아", "groups": ["HR", "writers", "not one"],
    });
    let reply = sign_in(&server, &provider, &claims).await;
    assert!(reply.body.contains("url=/documents"), "{}", reply.body);
    let who = session(&server, &reply).await;
    assert_eq!(
        (&who["role"], &who["name"]),
        (&json!("editor"), &json!("김민아"))
    );
    let groups = who["groups"].as_array().unwrap();
    assert!(
        groups.contains(&json!("hr")) && groups.contains(&json!("writers")),
        "{who}"
    );
    let shown = provider.plan.lock().unwrap().shown.clone();
    assert!(
        shown[0].starts_with("Basic "),
        "the client shows its secret"
    );

    // A group that an administrator gave stays, those of the provider are replaced.
    let mina = server.named("mina").await;
    let given = PersonChange {
        groups: Some(["legal".parse().unwrap()].into()),
        ..PersonChange::default()
    };
    let people = server.test.app.people();
    people.change("local", &mina.id, given).await.unwrap();
    let claims = json!({ "preferred_username": "someone-else", "groups": [] });
    let reply = sign_in(&server, &provider, &claims).await;
    let who = session(&server, &reply).await;
    assert_eq!(
        who["person"],
        json!(mina.id.as_str()),
        "the subject is who they are"
    );
    assert_eq!(who["role"], "reader", "the role went with the group");
    assert_eq!(who["groups"], json!(["everyone", "legal"]));

    server.test.app.close().await;
    let log = entries(&server.test.folder.path().join("data"));
    let by = |action: &str| {
        let found = log.iter().filter(|entry| entry["action"] == action);
        found
            .filter(|entry| entry["details"]["by"] == "company")
            .count()
    };
    assert_eq!(
        (by("sign_in"), by("account_created"), by("account_changed")),
        (2, 1, 2)
    );
}

#[tokio::test]
async fn what_does_not_hold_lets_nobody_in() {
    let provider = Provider::start().await;
    let server = Server::new(provider.configure(MAPPED)).await;
    let name = json!({ "preferred_username": "mina" });
    for (what, changed) in [
        ("nonce", json!({ "nonce": "another" })),
        ("audience", json!({ "aud": "another client" })),
        (
            "audiences",
            json!({ "aud": ["veracite", "another client"] }),
        ),
        ("expiry", json!({ "exp": 1_700_000_000 })),
        ("issuer", json!({ "iss": "http://127.0.0.1:1" })),
        ("access token", json!({ "at_hash": "AAAA" })),
    ] {
        let mut claims = name.clone();
        let changed = changed.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(changed);
        let reply = sign_in(&server, &provider, &claims).await;
        assert_eq!(
            reply.status,
            StatusCode::FORBIDDEN,
            "{what}: {}",
            reply.body
        );
        assert!(reply.body.contains("could not be verified"), "{what}");
        assert!(reply.cookie().is_none(), "{what}");
    }
    // By another key, by none, and by the secret that the client knows as well.
    let away = send(&server, "").await;
    let claims = provider.says(&away, &name);
    let of = |algorithm: &str| {
        let header = json!({ "alg": algorithm, "typ": "JWT" });
        format!("{}.{}.", part(&header), part(&claims))
    };
    let hmac = {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let signed = of("HS256");
        let signed = signed.trim_end_matches('.');
        let secret = std::env::var("PATH").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        )
    };
    for forged in [
        token(&claims, &key(2)),
        of("none"),
        hmac,
        "no token at all".to_owned(),
        String::new(),
    ] {
        let away = send(&server, "").await;
        provider.gives(&away, forged.clone());
        let reply = server.page(&back(&away.state), &away.cookie).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{forged}");
        assert!(
            reply.cookie().is_none() && !reply.body.contains("eyJ"),
            "{forged}"
        );
    }
    let people = server.test.app.people();
    assert!(
        people.list().await.unwrap().is_empty(),
        "no account was made"
    );
}

#[tokio::test]
async fn coming_back_works_once_and_in_the_browser_that_was_sent() {
    let provider = Provider::start().await;
    let server = Server::new(provider.configure(MAPPED)).await;
    let claims = json!({ "preferred_username": "mina" });
    let away = send(&server, "").await;
    let other = send(&server, "").await;
    provider.gives(&away, token(&provider.says(&away, &claims), &key(1)));
    // Another browser, one without anything, and a state that somebody made up.
    for (state, cookie) in [
        (&away.state, other.cookie.as_str()),
        (&away.state, ""),
        (&"made-up".to_owned(), ""),
    ] {
        let reply = server.page(&back(state), cookie).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.body);
        assert!(reply.cookie().is_none());
        assert!(reply.body.contains("began in another browser"));
    }
    let reply = server.page(&back(&away.state), &away.cookie).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let gone = set(&reply, "veracite_away").unwrap();
    assert!(gone.contains("Max-Age=0"), "{gone}");
    let again = server.page(&back(&away.state), &away.cookie).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    // A code that the provider does not take, an issuer that was not asked, and a refusal.
    for (more, status) in [
        ("code=wrong", StatusCode::FORBIDDEN),
        (
            "code=right&iss=http%3A%2F%2F127.0.0.1%3A1",
            StatusCode::FORBIDDEN,
        ),
        (
            "error=access_denied&error_description=%3Cscript%3E",
            StatusCode::FORBIDDEN,
        ),
    ] {
        let away = send(&server, "").await;
        provider.gives(&away, token(&provider.says(&away, &claims), &key(1)));
        let path = format!("/sign-in/with/company/back?{more}&state={}", away.state);
        let reply = server.page(&path, &away.cookie).await;
        assert_eq!(reply.status, status, "{more}");
        assert!(
            reply.cookie().is_none() && !reply.body.contains("script>"),
            "{more}"
        );
    }
    let nowhere = server.page("/sign-in/with/nobody", "").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_account_is_taken_over_by_a_name_or_an_address() {
    let provider = Provider::start().await;
    let server = Server::new(provider.configure("")).await;
    let root = server.add("root", Role::Admin, &[]).await;
    let mina = server.add("mina@example.com", Role::Reader, &["hr"]).await;
    let claims = json!({
        "sub": "mina's id", "preferred_username": "mina@example.com",
        "email": "mina@example.com", "email_verified": true,
    });
    let reply = sign_in(&server, &provider, &claims).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    assert!(
        reply.body.contains("No account here is linked"),
        "{}",
        reply.body
    );
    assert!(
        reply.body.contains("company: mina"),
        "what the administrator needs"
    );
    assert!(reply.cookie().is_none());

    let cookie = server.sign_in("root").await;
    let shown = ("cookie", cookie.as_str());
    let path = format!("/v1/people/{}/identities", mina.id);
    let link = json!({ "provider": "company", "subject": "mina's id" });
    let made = server.json("POST", &path, shown, &link).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let taken = format!("/v1/people/{}/identities", root.id);
    let taken = server.json("POST", &taken, shown, &link).await;
    assert_eq!(
        (taken.status, taken.code().as_str()),
        (StatusCode::CONFLICT, "identity_taken")
    );
    let nobody = json!({ "provider": "nobody", "subject": "1" });
    let nobody = server.json("POST", &path, shown, &nobody).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);

    let reply = sign_in(&server, &provider, &claims).await;
    let who = session(&server, &reply).await;
    assert_eq!(who["person"], json!(mina.id.as_str()));
    assert_eq!(who["groups"], json!(["everyone", "hr"]));
    // Another person of the provider with the same address is another.
    let mut other = claims.clone();
    other["sub"] = json!("another id");
    let reply = sign_in(&server, &provider, &other).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);

    let page = server.page(&format!("/people/{}", mina.id), &cookie).await;
    assert!(page.body.contains("Unlink the identity"), "{}", page.body);
    let disabled = json!({ "disabled": true });
    let person = format!("/v1/people/{}", mina.id);
    server.json("PATCH", &person, shown, &disabled).await;
    let reply = sign_in(&server, &provider, &claims).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.body.contains("This account is disabled"));

    let identity = made.json()["id"].as_str().unwrap().to_owned();
    let gone = server
        .json("DELETE", &format!("{path}/{identity}"), shown, &Value::Null)
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    let list = server.get(&path, &[shown]).await.json();
    assert_eq!(list["identities"], json!([]));
}

#[tokio::test]
async fn what_the_token_does_not_say_the_provider_is_asked_for() {
    let provider = Provider::start().await;
    let only = "make_accounts = true\ndomains = [\"example.com\"]";
    let server = Server::new(provider.configure(only)).await;
    let more = |sub: &str, email: &str| json!({ "sub": sub, "preferred_username": "mina", "email": email, "email_verified": true, "groups": ["hr"] });
    for (said, status) in [
        (more("7", "mina@elsewhere.example"), StatusCode::FORBIDDEN),
        // It says it of somebody else.
        (more("8", "mina@example.com"), StatusCode::BAD_GATEWAY),
        (more("7", "mina@example.com"), StatusCode::OK),
    ] {
        provider.plan.lock().unwrap().more = said.clone();
        let reply = sign_in(&server, &provider, &json!({})).await;
        assert_eq!(reply.status, status, "{said} {}", reply.body);
        assert_eq!(reply.cookie().is_some(), status == StatusCode::OK);
    }
    let mina = server.named("mina").await;
    assert!(mina.vouched_groups.contains(&"hr".parse().unwrap()));
}

#[tokio::test]
async fn an_address_and_whether_it_was_verified_come_from_one_source() {
    let provider = Provider::start().await;
    let only = "make_accounts = true\ndomains = [\"example.com\"]";
    let server = Server::new(provider.configure(only)).await;
    // The token says an address; that one was verified is said of another.
    let more = json!({ "sub": "7", "email_verified": true, "groups": [] });
    provider.plan.lock().unwrap().more = more;
    let claims = json!({ "preferred_username": "mina", "email": "root@example.com" });
    let reply = sign_in(&server, &provider, &claims).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    let more = json!({ "sub": "7", "email": "mina@example.com", "email_verified": true });
    provider.plan.lock().unwrap().more = more;
    let reply = sign_in(&server, &provider, &claims).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
}

#[tokio::test]
async fn signing_in_by_a_provider_ends_the_session_of_before() {
    let provider = Provider::start().await;
    let server = Server::new(provider.configure("make_accounts = true")).await;
    server.add("root", Role::Admin, &[]).await;
    let old = server.sign_in("root").await;
    let claims = json!({ "preferred_username": "mina" });
    // Whoever does not come in keeps what they had.
    let away = send_by(&server, "", &old).await;
    let refused = "/sign-in/with/company/back?error=access_denied&state=";
    let reply = server
        .page(&format!("{refused}{}", away.state), &away.cookie)
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    assert_eq!(server.status(&old).await, StatusCode::OK);

    let away = send_by(&server, "", &old).await;
    let said = provider.says(&away, &claims);
    provider.gives(&away, token(&said, &key(1)));
    // The browser does not show the session's cookie on the way back.
    let reply = server.page(&back(&away.state), &away.cookie).await;
    let new = reply.cookie().unwrap();
    assert_eq!(server.status(&new).await, StatusCode::OK);
    assert_eq!(server.status(&old).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_provider_said_long_ago_opens_nothing_to_a_key() {
    const DAY: i64 = 24 * 60 * 60;
    let provider = Provider::start().await;
    let more = "make_accounts = true\nvouches_for = \"7days\"\nroles = { writers = \"editor\" }";
    let server = Server::new(provider.configure(more)).await;
    let claims = json!({ "preferred_username": "mina", "groups": ["hr", "writers"] });
    let reply = sign_in(&server, &provider, &claims).await;
    let cookie = reply.cookie().unwrap();
    let asked = json!({ "name": "robot", "scope": "write" });
    let made = server
        .json("POST", "/v1/keys", ("cookie", &cookie), &asked)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let bearer = format!("Bearer {}", made.json()["secret"].as_str().unwrap());
    let (id, _) = server
        .test
        .add("leave.md", crate::harness::LEAVE, &["hr"])
        .await;
    let document = format!("/v1/documents/{id}");
    let shown = ("authorization", bearer.as_str());
    let reads = async || server.get(&document, &[shown]).await.status;
    let retries = async || {
        let path = format!("{document}/retry");
        server.json("POST", &path, shown, &Value::Null).await.status
    };
    server.pass(6 * DAY);
    assert_eq!(reads().await, StatusCode::OK);
    // There is nothing to retry, but they may.
    assert_eq!(retries().await, StatusCode::NOT_FOUND);
    server.pass(2 * DAY);
    assert_eq!(reads().await, StatusCode::NOT_FOUND);
    assert_eq!(retries().await, StatusCode::FORBIDDEN, "a reader again");
    let mina = server.named("mina").await;
    assert!(mina.vouched_groups.is_empty(), "nor is it told of them");
    assert!(
        server.test.app.people().list().await.unwrap()[0]
            .vouched_groups
            .is_empty()
    );
    // Until they sign in again.
    sign_in(&server, &provider, &claims).await;
    assert_eq!(reads().await, StatusCode::OK);
    assert_eq!(retries().await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_of_in_both_languages() {
    let provider = Provider::start().await;
    let away = Provider {
        issuer: "http://127.0.0.1:9".to_owned(),
        ..provider
    };
    let server = Server::new(away.configure("")).await;
    for (language, words) in [("en", "cannot be reached"), ("ko", "연결할 수 없습니다")] {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        let reply = server.get("/sign-in/with/company", &headers).await;
        assert_eq!(reply.status, StatusCode::BAD_GATEWAY);
        assert!(reply.body.contains(words), "{}", reply.body);
        assert!(
            !reply.body.contains("127.0.0.1:9"),
            "the inside is for the log"
        );
    }
    // Everybody signs in where there is a provider.
    let reply = server.get("/v1/session", &[]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}
