//! Files inside files, and rows of tables that are longer than a passage.

use std::collections::BTreeSet;

use ingest::DocumentId;
use veracite::ask::Reader;
use veracite::catalogue::{DocumentView, MetadataChange, NewDocument, State};
use veracite::check::{CheckedSentence, Citation};
use veracite::doctor::{Level, examine};

use crate::harness::{LEAVE, TestApp, groups};

pub(crate) fn mail(body: &str, attachments: &[(&str, &str)]) -> String {
    let head = "From: Han <han@example.com>\r\nTo: all@example.com\r\nSubject: Rules\r\n\
        Date: Mon, 2 Mar 2026 09:30:00 +0900\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=cut\r\n\r\n";
    let text = format!("--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n");
    let attached = attachments.iter().map(|(name, text)| {
        format!(
            "--cut\r\nContent-Type: text/markdown; charset=utf-8; name={name}\r\n\
             Content-Disposition: attachment; filename={name}\r\n\r\n{text}\r\n"
        )
    });
    let attached: Vec<String> = attached.collect();
    format!("{head}{text}{}--cut--\r\n", attached.concat())
}

/// A table of prices with a row for each number.
fn prices(numbers: std::ops::Range<u32>) -> String {
    let rows = numbers.map(|number| {
        format!(
            "<tr><td>PPR-{number}<td>{number},000 KRW<td>{} days",
            number % 37
        )
    });
    let rows: Vec<String> = rows.collect();
    format!(
        "<h1>Prices</h1><table><tr><th>Code<th>Unit price<th>Delivery{}</table>",
        rows.concat()
    )
}

async fn inside(test: &TestApp, parent: DocumentId, reader: &Reader) -> Vec<DocumentView> {
    let mut views = test.app.library().list(reader).await.unwrap();
    views.retain(|view| view.parent == Some(parent));
    views.sort_by(|one, other| one.file_name.cmp(&other.file_name));
    views
}

/// Hands in the message without waiting for anything.
async fn submit(test: &TestApp, message: &str, readers: &[&str]) -> DocumentId {
    let path = test.folder.path().join("rules.eml");
    std::fs::write(&path, message).unwrap();
    let document = NewDocument {
        place: "rules.eml".to_owned(),
        file_name: "rules.eml".to_owned(),
        path,
        readers: groups(readers).into_iter().collect(),
        parent: None,
        lane: String::new(),
        metadata: MetadataChange::default(),
        passwords: Vec::new(),
    };
    test.app.library().submit(document).await.unwrap().id
}

async fn is_clean(test: &TestApp) {
    let checks = examine(test.app.library()).await;
    assert!(
        checks.iter().all(|check| check.level == Level::Ok),
        "{checks:?}"
    );
}

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

#[tokio::test]
async fn what_came_with_a_message_is_a_document_of_its_own_and_goes_with_it() {
    let test = TestApp::new().await;
    let note = "# Note\n\nThe canteen closes at 14:30.\n";
    let message = mail(
        "The rules are attached.",
        &[("leave.md", LEAVE), ("note.md", note)],
    );
    let (id, _) = test.add("rules.eml", &message, &["everyone"]).await;
    let children = inside(&test, id, &Reader::anyone()).await;
    let names: Vec<(&str, State)> = children
        .iter()
        .map(|view| (view.file_name.as_str(), view.state))
        .collect();
    assert_eq!(
        names,
        [("leave.md", State::Ready), ("note.md", State::Ready)]
    );
    let answer = test.ask(QUESTION, &[]).await;
    let sentence = &answer.sentences()[0];
    assert_eq!(
        sentence.text(),
        "입사 1년 미만 직원의 연차휴가는 최대 11일이다."
    );
    assert_eq!(sentence.citations()[0].document(), children[0].id);

    // The same message for fewer people: so are its files, before anything is read anew.
    assert_eq!(submit(&test, &message, &["staff"]).await, id);
    assert!(inside(&test, id, &Reader::anyone()).await.is_empty());
    test.app.library().idle().await;
    assert!(inside(&test, id, &Reader::anyone()).await.is_empty());
    assert!(test.ask(QUESTION, &[]).await.abstained());
    assert!(!test.ask(QUESTION, &["staff"]).await.abstained());
    let staff = Reader::new(groups(&["staff"]));

    // A message with one of them less, for everyone: what is not in it is not opened to them.
    let shorter = mail("Only one.", &[("note.md", note)]);
    submit(&test, &shorter, &["everyone"]).await;
    for _ in 0..2 {
        let views = inside(&test, id, &Reader::anyone()).await;
        assert!(
            views.iter().all(|view| view.file_name != "leave.md"),
            "{views:?}"
        );
        test.app.library().idle().await;
    }
    let left: Vec<String> = inside(&test, id, &staff)
        .await
        .into_iter()
        .map(|view| view.file_name)
        .collect();
    assert_eq!(left, ["note.md"]);
    assert!(test.ask(QUESTION, &["staff"]).await.abstained());
    is_clean(&test).await;

    // And back again, as it was at first.
    submit(&test, &message, &["everyone"]).await;
    test.app.library().idle().await;
    assert_eq!(inside(&test, id, &Reader::anyone()).await.len(), 2);

    assert!(test.app.library().delete(id, &staff).await.unwrap());
    assert!(test.app.library().list(&staff).await.unwrap().is_empty());
    is_clean(&test).await;
    let originals = test.folder.path().join("data/originals");
    assert_eq!(std::fs::read_dir(originals).unwrap().count(), 0);
}

#[tokio::test]
async fn files_inside_files_inside_files_are_read() {
    let test = TestApp::new().await;
    let inner = mail("The inner one.", &[("leave.md", LEAVE)]);
    let outer = format!(
        "From: a@example.com\r\nSubject: Forwarded\r\nDate: Mon, 2 Mar 2026 09:30:00 +0900\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n\
         --outer\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n\
         --outer\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=inner.eml\r\n\r\n\
         {inner}\r\n--outer--\r\n"
    );
    test.add("outer.eml", outer, &["everyone"]).await;
    let names: BTreeSet<String> = test
        .app
        .library()
        .list(&Reader::anyone())
        .await
        .unwrap()
        .into_iter()
        .map(|view| view.file_name)
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains("leave.md"));
    assert_eq!(
        test.texts(QUESTION, &[]).await[0],
        "입사 1년 미만 직원의 연차휴가는 최대 11일이다."
    );
}

/// Whichever row a passage begins with, right below the header that stands elsewhere.
#[tokio::test]
async fn any_row_of_a_long_table_is_quoted_where_it_stands() {
    let test = TestApp::new().await;
    let table = prices(1000..1100);
    test.add("prices.html", table, &["everyone"]).await;
    for number in (1000..1100).step_by(3) {
        let answer = test
            .ask(&format!("What is the unit price of PPR-{number}?"), &[])
            .await;
        for citation in answer
            .sentences()
            .iter()
            .flat_map(CheckedSentence::citations)
        {
            let source = test
                .app
                .library()
                .source(
                    citation.document(),
                    Some(citation.version()),
                    &Reader::anyone(),
                )
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                source.document.text.get(citation.place().span.clone()),
                Some(citation.quote()),
                "{number}"
            );
        }
    }
}

#[tokio::test]
async fn a_row_far_down_a_table_is_quoted_with_the_header_that_stands_above_it() {
    let test = TestApp::new().await;
    let table = prices(1000..1400);
    test.add("prices.html", table, &["everyone"]).await;
    let answer = test.ask("What is the unit price of PPR-1377?", &[]).await;
    let quotes: Vec<&str> = answer.sentences()[0]
        .citations()
        .iter()
        .map(Citation::quote)
        .collect();
    assert_eq!(
        quotes,
        [
            "Code\tUnit price\tDelivery",
            "PPR-1377\t1377,000 KRW\t8 days"
        ]
    );
    for citation in answer.sentences()[0].citations() {
        let source = test
            .app
            .library()
            .source(
                citation.document(),
                Some(citation.version()),
                &Reader::anyone(),
            )
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            &source.document.text[citation.place().span.clone()],
            citation.quote()
        );
    }
}

#[tokio::test]
async fn what_is_said_of_a_message_is_said_of_what_came_with_it() {
    let test = TestApp::new().await;
    let note = "# Note\n\nThe canteen closes at 14:30.\n";
    let message = mail("Attached.", &[("leave.md", LEAVE), ("note.md", note)]);
    let (id, _) = test.add("rules.eml", &message, &["everyone"]).await;
    let anyone = Reader::anyone();
    let library = test.app.library();
    let say = async |id: DocumentId, json: &str| {
        let change: MetadataChange = serde_json::from_str(json).unwrap();
        assert!(library.set_metadata(id, &change, &anyone).await.unwrap());
        library.idle().await;
    };
    let note = inside(&test, id, &anyone).await[1].id;
    say(note, r#"{"collection": "canteen"}"#).await;
    say(
        id,
        r#"{"collection": "rules", "title": "All rules", "effective_until": "2020-01-01"}"#,
    )
    .await;
    let files = inside(&test, id, &anyone).await;
    let told: Vec<(&str, Option<&str>)> = files
        .iter()
        .map(|view| (view.title.as_str(), view.labels.collection.as_deref()))
        .collect();
    // Its own title is its own, and what was said of one alone stays.
    assert_eq!(
        told,
        [("휴가 규정", Some("rules")), ("Note", Some("canteen"))]
    );
    assert!(test.ask(QUESTION, &[]).await.abstained());
}
