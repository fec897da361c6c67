//! The pages: a struct beside its handler, filled into the template of the same name.
//!
//! The page for questions and answers has a module of its own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use ingest::parse::Format;
use ingest::{ContentHash, DocumentId, PageKind};
use serde::Deserialize;

use super::error::Error;
use super::source::{PagePicture, Part, QuotePlace, locate, parts, pictures};
use super::viewer::{Speaks, Viewer};
use super::words::{Words, words};
use super::{Shared, assets};
use crate::language::Language;
use crate::library::day_of;
use crate::rights::Level;

/// Which pages about people a menu leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeoplePages {
    /// None: the viewer is no person.
    None,
    /// The viewer's own account.
    Own,
    /// Those about all people as well.
    All,
}

/// What stands around every page.
#[derive(Debug)]
pub(super) struct Frame {
    /// The language.
    pub(super) language: Language,
    /// Its words.
    pub(super) words: &'static Words,
    /// What people should know of this installation.
    pub(super) notices: Vec<String>,
    /// Where the page stands in the menu: `ask`, `documents`, `docs`, `people`, `admin`, `account` or
    /// nowhere.
    pub(super) place: &'static str,
    /// Whether there is a menu: not before signing in.
    pub(super) has_menu: bool,
    /// Whether signing out makes sense.
    pub(super) signed_in: bool,
    /// Which pages about people the menu leads to.
    pub(super) people: PeoplePages,
    /// Whether the menu leads to the page of administrators.
    pub(super) is_admin: bool,
    /// What forms carry: the word of the session.
    pub(super) form_token: String,
}

impl Frame {
    /// A page without menu and notices.
    pub(super) fn plain(language: Language) -> Self {
        Self {
            language,
            words: words(language),
            notices: Vec::new(),
            place: "",
            has_menu: false,
            signed_in: false,
            people: PeoplePages::None,
            is_admin: false,
            form_token: String::new(),
        }
    }

    /// A page with the menu.
    pub(super) fn new(
        shared: &Shared,
        viewer: &Viewer,
        language: Language,
        place: &'static str,
    ) -> Self {
        let form_token = viewer.session.as_ref().map(|session| session.form.clone());
        Self {
            notices: shared.app.notices(language),
            place,
            has_menu: true,
            signed_in: viewer.signed_in,
            people: match viewer.must_be_person() {
                Ok(_) if viewer.is_admin() => PeoplePages::All,
                Ok(_) => PeoplePages::Own,
                Err(_) => PeoplePages::None,
            },
            is_admin: viewer.is_admin(),
            form_token: form_token.unwrap_or_default(),
            ..Self::plain(language)
        }
    }

    pub(super) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    pub(super) fn other_tag(&self) -> &'static str {
        match self.language {
            Language::Ko => Language::En.tag(),
            Language::En => Language::Ko.tag(),
        }
    }

    pub(super) fn has_account(&self) -> bool {
        self.people != PeoplePages::None
    }

    pub(super) fn sees_to_people(&self) -> bool {
        self.people == PeoplePages::All
    }

    pub(super) fn is_at(&self, place: &str) -> bool {
        self.place == place
    }

    #[expect(clippy::unused_self, reason = "templates call methods of the frame")]
    pub(super) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The words for the scripts.
    pub(super) fn words_json(&self) -> String {
        serde_json::to_string(self.words).expect("words are plain text")
    }
}

#[derive(Debug, Template)]
#[template(path = "pages/source.html")]
struct SourcePage {
    frame: Frame,
    id: DocumentId,
    title: String,
    file_name: String,
    /// That a newer version took its place, if one did.
    replaced: Option<String>,
    /// Why no quote is marked, if one was asked for.
    unshown: Option<&'static str>,
    has_quote: bool,
    version: ContentHash,
    /// Pages with the quote, where its place on them is certain.
    pictures: Vec<PagePicture>,
    parts: Vec<Part>,
    /// What stands in place of the text when there is none.
    empty: &'static str,
    /// Whether the viewer may have the file.
    may_download: bool,
    /// Whether the viewer may see and change who reads it.
    sees_rights: bool,
}

impl SourcePage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass by reference"
    )]
    fn picture_label(&self, number: &u32) -> String {
        let words = self.frame.words;
        words.page_as_printed.replace("{page}", &number.to_string())
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::ref_option,
        reason = "templates pass by reference"
    )]
    fn page_label(&self, number: &u32, kind: &PageKind, name: &Option<String>) -> String {
        let words = self.frame.words;
        let number = number.to_string();
        match kind {
            PageKind::Page => words.page.replace("{page}", &number),
            PageKind::Slide => words.slide.replace("{page}", &number),
            PageKind::Sheet => words
                .sheet
                .replace("{name}", name.as_deref().unwrap_or(&number)),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "pages/error.html")]
pub(super) struct ErrorPage {
    pub(super) frame: Frame,
    pub(super) sentence: String,
}

/// A page as an answer that nobody keeps.
pub(super) fn html(page: &impl Template) -> Result<Response, Error> {
    match page.render() {
        Ok(html) => Ok(([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()),
        Err(error) => Err(Error::internal("rendering a page", &error)),
    }
}

/// Whether somebody may see and change who reads a document with which they may do this much.
pub(super) fn sees_rights(viewer: &Viewer, level: Level) -> bool {
    viewer.is_admin() || viewer.may_upload && level >= Level::Download
}

/// Whether pages of such files can be drawn.
fn can_be_drawn(format: Option<Format>) -> bool {
    matches!(format, Some(Format::Pdf | Format::Image))
}

/// Which quote of a document to show.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SourceQuery {
    version: Option<String>,
    start: Option<usize>,
    end: Option<usize>,
    quote_sha256: Option<String>,
}

/// `GET /documents/{id}`: the text of a document, with a quote marked.
pub(super) async fn source(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    Path(id): Path<String>,
    query: Result<Query<SourceQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Error> {
    let id: DocumentId = id.parse().map_err(|_| Error::NotFound)?;
    // A link that was cut off still leads to its document, with nothing marked.
    let asked_for_quote = query
        .as_ref()
        .map_or(true, |Query(query)| query.start.is_some());
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let library = shared.app.library();
    let wanted: Option<ContentHash> = query
        .version
        .as_deref()
        .and_then(|version| version.parse().ok());
    let mut found = match wanted {
        Some(version) => library.source(id, Some(version), &viewer.reader).await?,
        None => None,
    };
    let is_wanted_version = found.is_some();
    if found.is_none() {
        found = library.source(id, None, &viewer.reader).await?;
    }
    let frame = Frame::new(&shared, &viewer, language, "documents");
    let words = frame.words;
    let Some(found) = found else {
        // It may be there without text so far.
        let view = library
            .get(id, &viewer.reader)
            .await?
            .ok_or(Error::NotFound)?;
        return html(&SourcePage {
            frame,
            id,
            title: view.title,
            file_name: view.file_name,
            unshown: None,
            has_quote: false,
            version: view.version,
            replaced: None,
            pictures: Vec::new(),
            parts: Vec::new(),
            empty: if view.level >= Level::Quote {
                words.not_read_yet
            } else {
                words.find_only
            },
            may_download: view.level >= Level::Download,
            sees_rights: sees_rights(&viewer, view.level),
        });
    };
    let level = library.get(id, &viewer.reader).await?;
    let level = level.ok_or(Error::NotFound)?.level;
    let hash = query.quote_sha256.as_deref().map(str::parse::<ContentHash>);
    let place = match (query.start, query.end, hash.transpose()) {
        (Some(start), Some(end), Ok(quote_sha256)) if is_wanted_version => Some(QuotePlace {
            start,
            end,
            quote_sha256,
        }),
        _ => None,
    };
    let quote = place.and_then(|place| locate(&found.document, place));
    let unshown = match &quote {
        None if asked_for_quote && wanted.is_some() && !is_wanted_version => {
            Some(words.other_version)
        }
        None if asked_for_quote => Some(words.quote_unshown),
        _ => None,
    };
    let mut pictures = match &quote {
        Some(quote) if can_be_drawn(found.format) => pictures(&found.document, quote),
        _ => Vec::new(),
    };
    // Boxes are of the page as it was read: it must be drawn in the same size, or they lie.
    let mut is_drawn_alike = true;
    for picture in &pictures {
        let drawn = library
            .page_picture(id, found.version, picture.number, &viewer.reader)
            .await?;
        is_drawn_alike &= drawn.and_then(Result::ok).is_some_and(|drawn| {
            (drawn.width - picture.width).abs() < 1.0 && (drawn.height - picture.height).abs() < 1.0
        });
    }
    if !is_drawn_alike {
        pictures.clear();
    }
    html(&SourcePage {
        frame,
        id,
        title: found.title.clone(),
        file_name: found.file_name.clone(),
        replaced: found.replaced_at.map(|time| {
            let day = day_of(time).to_string();
            words.replaced.replace("{day}", &day)
        }),
        unshown,
        has_quote: quote.is_some(),
        pictures,
        version: found.version,
        parts: parts(&found.document, quote.as_ref()),
        empty: words.no_text,
        may_download: level >= Level::Download,
        sees_rights: sees_rights(&viewer, level),
    })
}

/// `next` if it leads to a page of this server, else the first page.
pub(super) fn local_path(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ingest::DocumentBuilder;
    use jiff::Timestamp;

    use super::*;
    use crate::people::{ApiKeyView, IdentityView, Person, PersonId, Role, Scope, SessionView};
    use crate::web::chat;
    use crate::web::office::samples::{
        hostile_about, hostile_admin, hostile_documents, hostile_results, hostile_reviews,
    };
    use crate::web::people::{
        AccountPage, ChoosePage, InviteForm, NewLink, PeoplePage, PersonPage, ProviderLink,
        SignInPage, SignedInPage,
    };

    const HOSTILE: &str =
        "</title><script>alert(1)</script>\"' onload='x' {{ frame }} <img src=x onerror=y>";

    fn frame(language: Language) -> Frame {
        Frame {
            notices: vec![HOSTILE.to_owned()],
            has_menu: true,
            signed_in: true,
            people: PeoplePages::All,
            form_token: HOSTILE.to_owned(),
            ..Frame::plain(language)
        }
    }

    fn hostile_source(language: Language) -> SourcePage {
        let mut builder = DocumentBuilder::default();
        builder.heading(1, HOSTILE);
        builder.paragraph(HOSTILE);
        builder.list_item(3, HOSTILE);
        builder.preformatted(HOSTILE);
        builder.table(&[vec![HOSTILE.to_owned(), HOSTILE.to_owned()]], 1);
        let document = builder.finish();
        SourcePage {
            replaced: Some(HOSTILE.to_owned()),
            frame: frame(language),
            id: DocumentId::at("x"),
            title: HOSTILE.to_owned(),
            file_name: HOSTILE.to_owned(),
            unshown: None,
            has_quote: true,
            version: ContentHash::of(b""),
            pictures: vec![PagePicture {
                number: 1,
                width: 595.0,
                height: 842.0,
                boxes: vec![[1.0, 2.0, 3.0, 4.0]],
            }],
            parts: parts(&document, Some(&(0..document.text.len()))),
            empty: "",
            may_download: true,
            sees_rights: true,
        }
    }

    fn groups_of_provider() -> BTreeSet<ingest::Group> {
        BTreeSet::from([ingest::Group::everyone()])
    }

    fn hostile_provider() -> ProviderLink {
        ProviderLink {
            id: HOSTILE.to_owned(),
            label: HOSTILE.to_owned(),
        }
    }

    fn hostile_of(role: Role) -> Person {
        Person {
            id: PersonId::from(HOSTILE.to_owned()),
            name: "mina".parse().unwrap(),
            display_name: HOSTILE.to_owned(),
            role,
            groups: BTreeSet::new(),
            vouched_groups: groups_of_provider(),
            disabled: false,
            has_password: true,
            has_identity: true,
            created: Timestamp::UNIX_EPOCH,
        }
    }

    fn hostile_account(language: Language) -> AccountPage {
        AccountPage {
            frame: frame(language),
            person: hostile_of(Role::Editor),
            groups: HOSTILE.to_owned(),
            keys: vec![ApiKeyView {
                id: HOSTILE.to_owned(),
                name: HOSTILE.to_owned(),
                scope: Scope::Write,
                created: Timestamp::UNIX_EPOCH,
                expires: Some(Timestamp::UNIX_EPOCH),
                used: None,
            }],
            sessions: vec![SessionView {
                id: HOSTILE.to_owned(),
                agent: HOSTILE.to_owned(),
                started: Timestamp::UNIX_EPOCH,
                seen: Timestamp::UNIX_EPOCH,
            }],
            this: String::new(),
            scopes: vec![Scope::Read, Scope::Write],
            secret: Some(HOSTILE.to_owned()),
            refused: Some(HOSTILE.to_owned()),
            saved: true,
            password_hint: HOSTILE.to_owned(),
        }
    }

    fn hostile_people(language: Language) -> PeoplePage {
        PeoplePage {
            frame: frame(language),
            people: Role::ALL.map(hostile_of).into(),
            known_groups: HOSTILE.to_owned(),
            typed: InviteForm {
                name: HOSTILE.to_owned(),
                display_name: HOSTILE.to_owned(),
                role: HOSTILE.to_owned(),
                groups: HOSTILE.to_owned(),
            },
            refused: Some(HOSTILE.to_owned()),
            saved: true,
        }
    }

    fn hostile_person(language: Language) -> PersonPage {
        PersonPage {
            frame: frame(language),
            person: hostile_of(Role::Admin),
            groups: HOSTILE.to_owned(),
            known_groups: HOSTILE.to_owned(),
            identities: vec![IdentityView {
                id: HOSTILE.to_owned(),
                issuer: HOSTILE.to_owned(),
                subject: HOSTILE.to_owned(),
                groups: BTreeSet::new(),
                linked: Timestamp::UNIX_EPOCH,
                seen: None,
            }],
            providers: vec![hostile_provider()],
            link: Some(NewLink {
                url: HOSTILE.to_owned(),
                until: HOSTILE.to_owned(),
            }),
            refused: Some(HOSTILE.to_owned()),
            saved: true,
        }
    }

    #[test]
    fn every_page_escapes_what_others_wrote() {
        for language in [Language::Ko, Language::En] {
            let pages = [
                chat::tests::hostile(frame(language), HOSTILE).render(),
                hostile_documents(frame(language), HOSTILE).render(),
                hostile_about(frame(language), HOSTILE).render(),
                hostile_results(frame(language), HOSTILE).render(),
                hostile_admin(frame(language), HOSTILE).render(),
                hostile_reviews(frame(language), HOSTILE).render(),
                hostile_source(language).render(),
                SignInPage {
                    frame: frame(language),
                    next: HOSTILE.to_owned(),
                    name: HOSTILE.to_owned(),
                    refused: Some(HOSTILE.to_owned()),
                    providers: vec![hostile_provider()],
                    has_keys: true,
                    needs_set_up: true,
                }
                .render(),
                SignedInPage {
                    frame: frame(language),
                    next: HOSTILE.to_owned(),
                }
                .render(),
                ChoosePage {
                    frame: frame(language),
                    token: HOSTILE.to_owned(),
                    is_set_up: true,
                    name: HOSTILE.to_owned(),
                    display_name: HOSTILE.to_owned(),
                    refused: Some(HOSTILE.to_owned()),
                    password_hint: HOSTILE.to_owned(),
                }
                .render(),
                hostile_account(language).render(),
                hostile_people(language).render(),
                hostile_person(language).render(),
                crate::web::rights::hostile::rights(frame(language), HOSTILE).render(),
                crate::web::rights::hostile::collections(frame(language), HOSTILE).render(),
                ErrorPage {
                    frame: frame(language),
                    sentence: HOSTILE.to_owned(),
                }
                .render(),
            ];
            for page in pages {
                let page = page.unwrap();
                assert!(page.contains("alert(1)"), "the sample is on the page");
                assert!(
                    !page.contains("<script>") && !page.contains("<img"),
                    "{page}"
                );
                assert!(!page.contains("onload='x'"), "{page}");
                assert!(page.contains(&format!("<html lang=\"{}\"", language.tag())));
            }
        }
    }

    #[test]
    fn pages_hold_no_inline_script_or_style() {
        // The content security policy refuses both, so they would only seem to be there.
        let page = hostile_source(Language::Ko).render().unwrap()
            + &chat::tests::hostile(frame(Language::Ko), HOSTILE)
                .render()
                .unwrap()
            + &hostile_account(Language::En).render().unwrap()
            + &hostile_person(Language::En).render().unwrap();
        for tag in page.split('<').filter(|tag| tag.starts_with("script")) {
            assert!(tag.contains("src=\"/static/"), "{tag}");
        }
        assert!(!page.contains("<style") && !page.contains(" style="));
    }

    #[test]
    fn an_empty_document_says_so() {
        let page = SourcePage {
            parts: Vec::new(),
            has_quote: false,
            empty: "no text here",
            ..hostile_source(Language::En)
        };
        assert!(page.render().unwrap().contains("no text here"));
    }

    #[test]
    fn signing_in_leads_nowhere_else() {
        assert_eq!(local_path("/documents?lang=en"), "/documents?lang=en");
        for elsewhere in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nx: y",
            "/ㄱ",
        ] {
            assert_eq!(local_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
