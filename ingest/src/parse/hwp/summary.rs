//! The stream `HwpSummaryInformation`: a property set, as other Compound Files have one too, of
//! what a document says about itself.

use encoding_rs::EUC_KR;

use super::super::msg;
use super::records::{Data, utf_16};
use crate::Properties;

/// What properties are called there.
const TITLE: u32 = 2;
const AUTHOR: u32 = 4;
const CREATED: u32 = 12;
const SAVED: u32 = 13;
/// Properties that are looked at; a document has fifteen.
const MAX_PROPERTIES: u32 = 100;

/// What a document says about itself.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) title: Option<String>,
    pub(super) properties: Properties,
}

/// Reads the stream; what is damaged in it only costs what it says.
pub(super) fn read(stream: &[u8]) -> Summary {
    let text = |id| property(stream, id).and_then(text);
    let time = |id| property(stream, id).and_then(time).unwrap_or_default();
    Summary {
        title: text(TITLE),
        properties: Properties::said(text(AUTHOR), &time(CREATED), &time(SAVED)),
    }
}

/// Where the value of a property begins with its type.
fn property(stream: &[u8], wanted: u32) -> Option<Data<'_>> {
    let at = |offset: u32| Some(Data(stream.get(usize::try_from(offset).ok()?..)?));
    let start = at(44)?.u32()?;
    let mut section = at(start)?;
    let _size = section.u32()?;
    let count = section.u32()?;
    for _ in 0..count.min(MAX_PROPERTIES) {
        let (id, offset) = (section.u32()?, section.u32()?);
        if id == wanted {
            return at(start.checked_add(offset)?);
        }
    }
    None
}

fn text(mut value: Data<'_>) -> Option<String> {
    let kind = value.u32()?;
    let length = usize::try_from(value.u32()?).ok()?;
    let text = match kind & 0xFFFF {
        0x1F => utf_16(value.take(length.checked_mul(2)?)?),
        0x1E => EUC_KR.decode(value.take(length)?).0.into_owned(),
        _ => return None,
    };
    Some(text.trim_end_matches('\0').to_owned())
}

fn time(mut value: Data<'_>) -> Option<String> {
    if value.u32()? & 0xFFFF != 0x40 {
        return None;
    }
    msg::date(value.take(8)?.try_into().ok()?)
}
