//! People, keys and sessions, as the API has them. Secrets stand in the answer that makes them, and
//! in no other.

use std::collections::BTreeSet;

use ingest::Group;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::{ApiKeyView, IdentityView, Person, PersonChange, Role, Scope, SessionView};

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonBody {
    /// Names the person for good.
    pub id: String,
    /// What they sign in with.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Groups that they are in besides `everyone`, as given here: what they may read.
    #[schema(value_type = Vec<String>)]
    pub groups: BTreeSet<Group>,
    /// Groups that providers have them in, as of the last signing in: what they may read as well.
    #[schema(value_type = Vec<String>)]
    pub vouched_groups: BTreeSet<Group>,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Whether they have not yet chosen a password by their invitation, and no provider vouches for them.
    pub invited: bool,
    /// When the account was made (RFC 3339).
    pub created_at: String,
}

impl From<Person> for PersonBody {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.to_string(),
            name: person.name.to_string(),
            display_name: person.display_name,
            role: person.role,
            groups: person.groups,
            vouched_groups: person.vouched_groups,
            disabled: person.disabled,
            invited: !person.has_password && !person.has_identity,
            created_at: person.created.to_string(),
        }
    }
}

/// All persons.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonList {
    /// By name.
    pub people: Vec<PersonBody>,
    /// All groups that somebody is in.
    #[schema(value_type = Vec<String>)]
    pub groups: BTreeSet<Group>,
}

/// A person who is invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRequest {
    /// What they will sign in with: letters, digits and `-_.@+`.
    pub name: String,
    /// What others see; the name, if left out.
    #[serde(default)]
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Groups that they are in besides `everyone`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub groups: BTreeSet<Group>,
}

/// A link that works once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkBody {
    /// Who opens it chooses the password. Hand it to that person, and to nobody else.
    pub link: String,
    /// Until when it works (RFC 3339).
    pub expires_at: String,
}

/// A person who was invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedBody {
    /// The person.
    pub person: PersonBody,
    /// The link by which they choose a password.
    pub invitation: LinkBody,
}

/// What is to be said of a person; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonChangeRequest {
    /// What others see.
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Groups that they are in besides `everyone`.
    #[schema(value_type = Option<Vec<String>>)]
    pub groups: Option<BTreeSet<Group>>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
}

impl From<PersonChangeRequest> for PersonChange {
    fn from(request: PersonChangeRequest) -> Self {
        Self {
            display_name: request.display_name,
            role: request.role,
            groups: request.groups,
            disabled: request.disabled,
        }
    }
}

/// An API key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyBody {
    /// Names it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, if its owner still may.
    pub scope: Scope,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// Until when it is good (RFC 3339), if it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was used last, to the minute (RFC 3339), if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<String>,
}

impl From<ApiKeyView> for KeyBody {
    fn from(key: ApiKeyView) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scope: key.scope,
            created_at: key.created.to_string(),
            expires_at: key.expires.map(|time| time.to_string()),
            used_at: key.used.map(|time| time.to_string()),
        }
    }
}

/// The API keys of the asker.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// The newest first.
    pub keys: Vec<KeyBody>,
}

/// An API key that is to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What its owner calls it.
    pub name: String,
    /// What it may do: no more than its owner may.
    pub scope: Scope,
    /// Days until it ends, 1 to 3,650; it does not end by itself, if left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

/// An API key that was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeKeyBody {
    /// What programs show: `Authorization: Bearer SECRET`. It is told this once.
    pub secret: String,
    /// The key.
    #[serde(flatten)]
    pub key: KeyBody,
}

/// Who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// `person`, `key` of the configuration, or `nobody` where the server is open to its machine.
    pub kind: &'static str,
    /// The person's id, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What others see of the person, or the name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of the person's API key, if one was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// What the asker may do.
    pub role: Role,
    /// Groups that the asker is in: what may be read.
    #[schema(value_type = Vec<String>)]
    pub groups: BTreeSet<Group>,
}

/// A name and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// What the person signs in with.
    pub name: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
}

/// A password in place of another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The present one.
    #[schema(format = Password)]
    pub present: String,
    /// The one that takes its place: at least 10 characters, at most 1,024 bytes.
    #[schema(format = Password)]
    pub new: String,
}

/// A session of the asker.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OneSessionBody {
    /// Names it.
    pub id: String,
    /// How the browser calls itself.
    pub agent: String,
    /// When it began (RFC 3339).
    pub started_at: String,
    /// When it was used last, to the minute (RFC 3339).
    pub seen_at: String,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl OneSessionBody {
    pub(in crate::web) fn new(session: SessionView, this: &str) -> Self {
        Self {
            is_this: session.id == this,
            id: session.id,
            agent: session.agent,
            started_at: session.started.to_string(),
            seen_at: session.seen.to_string(),
        }
    }
}

/// The sessions of the asker.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The newest first.
    pub sessions: Vec<OneSessionBody>,
}

/// What a person is to a provider by which people sign in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityBody {
    /// Names it here.
    pub id: String,
    /// The provider's issuer.
    pub issuer: String,
    /// What the issuer calls the person.
    pub subject: String,
    /// Groups that the provider has them in, as of the last signing in.
    #[schema(value_type = Vec<String>)]
    pub groups: BTreeSet<Group>,
    /// When it was linked (RFC 3339).
    pub linked_at: String,
    /// When they signed in by it last (RFC 3339), if they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<String>,
}

impl From<IdentityView> for IdentityBody {
    fn from(identity: IdentityView) -> Self {
        Self {
            id: identity.id,
            issuer: identity.issuer,
            subject: identity.subject,
            groups: identity.groups,
            linked_at: identity.linked.to_string(),
            seen_at: identity.seen.map(|time| time.to_string()),
        }
    }
}

/// The identities of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityList {
    /// The oldest first.
    pub identities: Vec<IdentityBody>,
}

/// An identity that a person is to sign in by.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIdentityRequest {
    /// The provider, by its `id` in the configuration.
    pub provider: String,
    /// What the provider calls the person (`sub`).
    pub subject: String,
}
