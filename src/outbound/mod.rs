//! Requests to other machines: which of them may be contacted, and a client that contacts no other.
//!
//! What an administrator or a site names may lead into the network that this machine stands in: to
//! a service without a password, or to the one that hands out a cloud's credentials. Addresses
//! that are not of the public internet are thus refused unless [`NetworkConfig`] allows them. A
//! name is looked up once for each connection, and the addresses that were judged are the ones
//! that are connected to, so that a second look-up cannot give another one. Redirects are never
//! followed by the client: whoever follows one asks anew, and is judged anew.
//!
//! | module | what it is for |
//! |---|---|
//! | `guard` | which addresses may be contacted |
//! | `client` | a client that asks the guard first |

mod client;
mod guard;

pub(crate) use client::{Outbound, in_words};
pub use guard::{Allowed, Guard, NetworkConfig, Refused};
