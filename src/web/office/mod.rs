//! The documents page and the pages of administrators.
//!
//! | module | what it is for |
//! |---|---|
//! | `list` | which documents a page lists, and the same as JSON |
//! | `page` | the page of documents |
//! | `about` | what is known of one document, and changing it |
//! | `actions`, `bulk` | what is done to one document, and to many |
//! | `sources` | folders, web sites and buckets |
//! | `admin`, `charts`, `installation` | the page of administrators: figures, charts, the machine |
//! | `reviews` | what people said of answers, for administrators to decide on |
//! | `form`, `words` | forms that carry the word of their session, the words of both languages |
//!
//! Everything works without scripts; scripts keep it live.

mod about;
pub(super) mod actions;
mod admin;
mod bulk;
mod charts;
mod form;
mod installation;
mod list;
mod page;
mod reviews;
#[cfg(test)]
pub(super) mod samples;
mod sources;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use utoipa::OpenApi;

use super::Shared;
pub(super) use form::between_commas;
pub(super) use list::documents;

/// The routes of these pages, without those of files that come in.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/documents/selected", post(bulk::selected))
        .route(
            "/documents/{id}/about",
            get(about::page).post(about::change),
        )
        .route("/documents/{id}/delete", post(about::delete))
        .route("/documents/{id}/retry", post(about::retry))
        .route("/documents/{id}/cancel", post(about::cancel))
        .route("/sources/look", post(sources::look_form))
        .route("/admin", get(admin::page))
        .route("/admin/feedback", get(reviews::page))
        .route("/admin/feedback/{id}", post(reviews::decide))
        .route("/v1/documents/bulk", post(bulk::many))
        .route("/v1/sources", get(sources::list))
        .route("/v1/sources/look", post(sources::look))
        .route("/v1/statistics", get(admin::statistics))
}

/// The route of the page: its form sends files, which are bounded one by one.
pub(super) fn page_routes() -> Router<Shared> {
    Router::new().route(
        "/documents",
        get(page::documents).merge(post(page::upload).layer(DefaultBodyLimit::disable())),
    )
}

/// The description of these routes.
#[derive(OpenApi)]
#[openapi(paths(
    list::documents,
    bulk::many,
    sources::list,
    sources::look,
    admin::statistics
))]
pub(super) struct OfficeDescription;

/// A size for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let (mut whole, mut tenths, mut unit) = (bytes, 0, 0);
    while whole >= 1_000 && unit < UNITS.len() - 1 {
        tenths = whole % 1_000 / 100;
        whole /= 1_000;
        unit += 1;
    }
    if unit > 0 && whole < 10 {
        format!("{whole}.{tenths} {}", UNITS[unit])
    } else {
        format!("{whole} {}", UNITS[unit])
    }
}

/// A number with its thousands told apart, as both languages do.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_read_by_people() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1_250), "1.2 KB");
        assert_eq!(size(25_000_000), "25 MB");
        assert_eq!(size(u64::MAX), "18446744 TB");
    }
}
