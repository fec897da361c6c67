//! Pages as pictures: of a PDF as it is printed, of an image as it is.
//!
//! For people, to see a quote where it stands, and for character recognition. Pictures are drawn
//! by [`hayro`]; like all that touches foreign bytes, in a child process.

use std::io::Cursor;
use std::sync::Arc;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use super::{ParseError, Parsed, Passwords, as_base64, pdf, sniff};
use crate::{DocumentBuilder, Problem};

/// Points in an inch.
const POINTS: f32 = 72.0;
/// The longest side of a picture in pixels.
const MAX_SIDE: f32 = 6_000.0;
/// Bytes that a decoded image may take.
const MAX_PIXELS: u64 = 512 << 20;

/// A page as a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The picture as a PNG file.
    #[serde(with = "as_base64")]
    pub png: Vec<u8>,
    /// Width in points: what boxes on the page are told in.
    pub width: f32,
    /// Height in points.
    pub height: f32,
    /// Pixels in a point.
    pub scale: f32,
}

/// Whether the bytes are an image of a kind that is read.
pub(super) fn recognizes(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok_and(|format| {
        // Text that begins with `BM` is no picture.
        format != ImageFormat::Bmp || size_of_image(bytes).is_ok()
    })
}

/// An image as a document of one page whose text is to be recognised.
///
/// # Errors
/// When it is no image after all.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    let (width, height) = size_of_image(bytes)?;
    let mut builder = DocumentBuilder::default();
    builder.page(1, width, height);
    let problem = Problem::of_file("its only page has no text layer".to_owned());
    Ok(Parsed {
        needs_ocr: vec![1],
        ..Parsed::new(builder.finish(), vec![problem])
    })
}

/// Draws page `number` (from 1) of a PDF, or an image, with `dpi` pixels in an inch, or fewer if
/// the page is very large.
///
/// # Errors
/// When there is no such page, or it cannot be drawn.
pub fn draw(
    bytes: &[u8],
    number: u32,
    dpi: f32,
    passwords: &Passwords,
) -> Result<Picture, ParseError> {
    if sniff::is_pdf(bytes, "") {
        draw_page(bytes, number, dpi, passwords)
    } else {
        draw_image(bytes, number)
    }
}

fn draw_page(
    bytes: &[u8],
    number: u32,
    dpi: f32,
    passwords: &Passwords,
) -> Result<Picture, ParseError> {
    let damaged = |reason: String| ParseError::Damaged { reason };
    let bytes = Arc::new(bytes.to_vec());
    let mut pdf = Pdf::new(bytes.clone());
    if let Err(LoadPdfError::Decryption(DecryptionError::PasswordProtected)) = pdf {
        // It knows passwords of users only.
        pdf = passwords
            .iter()
            .find_map(|password| Pdf::new_with_password(bytes.clone(), password).ok())
            .map_or_else(
                || pdf::unlocked(&bytes, passwords).map(Pdf::new),
                |pdf| Ok(Ok(pdf)),
            )?;
    }
    let pdf = pdf.map_err(|error| damaged(format!("its pages cannot be drawn: {error:?}")))?;
    let index = usize::try_from(number).unwrap_or(0).checked_sub(1);
    let page = index
        .and_then(|index| pdf.pages().get(index))
        .ok_or_else(|| damaged(format!("it has no page {number} that can be drawn")))?;
    let (width, height) = page.render_dimensions();
    let longest = width.max(height).max(1.0);
    let scale = (dpi / POINTS).min(MAX_SIDE / longest);
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale: scale,
            y_scale: scale,
            bg_color: WHITE,
        },
    );
    let png = pixmap
        .into_png()
        .map_err(|error| damaged(format!("page {number} cannot be drawn: {error}")))?;
    Ok(Picture {
        png,
        width,
        height,
        scale,
    })
}

/// The size of an image in points, as it is shown with its own resolution unknown: 96 dots in an
/// inch make an ordinary screen's picture an ordinary page.
const IMAGE_DPI: f32 = 96.0;

fn draw_image(bytes: &[u8], number: u32) -> Result<Picture, ParseError> {
    if number != 1 {
        return Err(ParseError::Damaged {
            reason: format!("an image has no page {number}"),
        });
    }
    let image = decode(bytes)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "sides of an image that fits into memory"
    )]
    let (width, height) = (image.width() as f32, image.height() as f32);
    let image = if width.max(height) > MAX_SIDE {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small constant"
        )]
        let side = MAX_SIDE as u32;
        image.thumbnail(side, side)
    } else {
        image
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "sides of an image that fits into memory"
    )]
    let shown = image.width() as f32;
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(image.to_rgb8())
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|error| ParseError::Damaged {
            reason: format!("the image cannot be drawn: {error}"),
        })?;
    let points = POINTS / IMAGE_DPI;
    Ok(Picture {
        png: png.into_inner(),
        width: width * points,
        height: height * points,
        scale: shown / (width * points),
    })
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, ParseError> {
    let damaged = |error: &dyn std::fmt::Display| ParseError::Damaged {
        reason: format!("the image cannot be read: {error}"),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| damaged(&error))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS);
    limits.max_image_width = Some(60_000);
    limits.max_image_height = Some(60_000);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        image::ImageError::Limits(limit) => ParseError::Limit {
            reason: format!("the image is too large: {limit}"),
        },
        other => damaged(&other),
    })
}

/// Width and height of an image in points, from its head.
///
/// # Errors
/// When it cannot be told.
pub(super) fn size_of_image(bytes: &[u8]) -> Result<(f32, f32), ParseError> {
    let size = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(image::ImageError::from)
        .and_then(ImageReader::into_dimensions);
    let (width, height) = size.map_err(|error| ParseError::Damaged {
        reason: format!("the image cannot be read: {error}"),
    })?;
    let points = POINTS / IMAGE_DPI;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a size in points has no need of more"
    )]
    Ok((width as f32 * points, height as f32 * points))
}

#[cfg(test)]
mod tests {
    use lopdf::{Document as Pdf, Object, Stream, dictionary};

    use super::*;

    /// A page of 200 x 100 points, turned, with a black square in its (unturned) lower left.
    fn pdf() -> Vec<u8> {
        let mut pdf = Pdf::with_version("1.5");
        let parent = pdf.new_object_id();
        let content = pdf.add_object(Stream::new(dictionary! {}, b"0 0 50 50 re f".to_vec()));
        let page = pdf.add_object(dictionary! {
            "Type" => "Page", "Parent" => parent, "Contents" => content, "Rotate" => 90,
            "MediaBox" => vec![0.into(), 0.into(), 200.into(), 100.into()],
        });
        pdf.objects.insert(
            parent,
            Object::Dictionary(dictionary! {
                "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()],
            }),
        );
        let catalog = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => parent });
        pdf.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        pdf.save_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_page_is_drawn_as_it_is_shown() {
        let picture = draw(&pdf(), 1, 144.0, &Passwords::default()).unwrap();
        assert_eq!((picture.width, picture.height), (100.0, 200.0));
        let image = image::load_from_memory(&picture.png).unwrap().to_luma8();
        assert_eq!(image.dimensions(), (200, 400));
        // Turned by a quarter, its lower left is its upper left.
        assert_eq!(image.get_pixel(10, 10).0, [0]);
        assert_eq!(image.get_pixel(190, 390).0, [255]);
        let missing = draw(&pdf(), 2, 144.0, &Passwords::default())
            .unwrap_err()
            .to_string();
        assert!(missing.contains("no page 2"), "{missing}");
    }

    #[test]
    fn an_image_is_a_page_and_a_lying_one_is_refused() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_luma8(96, 48)
            .write_to(&mut png, ImageFormat::Png)
            .unwrap();
        let mut png = png.into_inner();
        let picture = draw(&png, 1, 200.0, &Passwords::default()).unwrap();
        assert_eq!((picture.width, picture.height), (72.0, 36.0));
        assert_eq!(size_of_image(&png).unwrap(), (72.0, 36.0));
        // Its head says that it is 2 billion pixels wide.
        png[16..20].copy_from_slice(&0x7FFF_FFFF_u32.to_be_bytes());
        assert!(draw(&png, 1, 200.0, &Passwords::default()).is_err());
    }
}
