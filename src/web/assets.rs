//! Style sheet and scripts: compiled in, named by their content, so that browsers may keep them
//! for good and never mix versions.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ingest::ContentHash;

use super::error::Error;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

static ASSETS: [Asset; 9] = [
    Asset {
        name: "style.css",
        content_type: "text/css; charset=utf-8",
        content: include_str!("../../templates/assets/style.css"),
    },
    Asset {
        name: "common.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/common.js"),
    },
    Asset {
        name: "chat.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/chat.js"),
    },
    Asset {
        name: "answer.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/answer.js"),
    },
    Asset {
        name: "conversations.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/conversations.js"),
    },
    Asset {
        name: "sources.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/sources.js"),
    },
    Asset {
        name: "feedback.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/feedback.js"),
    },
    Asset {
        name: "documents.js",
        content_type: JAVASCRIPT,
        content: include_str!("../../templates/assets/documents.js"),
    },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        content: include_str!("../../templates/assets/icon.svg"),
    },
];

/// One hash over all of them: scripts import each other by relative names.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().map(|asset| asset.content).collect();
    ContentHash::of(all.as_bytes()).to_string()[..16].to_owned()
});

/// Where the pages find an asset.
pub(super) fn url(name: &str) -> String {
    format!("/static/{}/{name}", *HASH)
}

/// `GET /static/{hash}/{name}`.
pub(super) async fn serve(Path((hash, name)): Path<(String, String)>) -> Result<Response, Error> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(Error::NotFound)?;
    // An old page may ask for an old version: give it what there is, but do not keep it.
    let cache = if hash == *HASH {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, asset.content).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in &ASSETS {
            for outside in ["http://", "https://", "@import", "innerHTML", "eval("] {
                let content = asset.content.replace("http://www.w3.org/2000/svg", "");
                assert!(!content.contains(outside), "{} has {outside}", asset.name);
            }
        }
    }

    /// Browsers pass over all that follows a block that is not closed, and say nothing.
    #[test]
    fn every_block_of_the_style_sheet_is_closed() {
        let style = ASSETS
            .iter()
            .find(|asset| asset.name == "style.css")
            .unwrap();
        let mut depth = 0;
        for (number, line) in style.content.lines().enumerate() {
            for char in line.chars() {
                depth += match char {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
            }
            let begins = line.starts_with("/*") || line.starts_with("@media");
            let is_top = !begins || depth == i32::from(line.ends_with('{'));
            assert!(
                (0..=2).contains(&depth) && is_top,
                "line {}: {line}",
                number + 1
            );
        }
        assert_eq!(depth, 0);
    }
}
