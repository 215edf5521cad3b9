//! What is printed is read again by libraries that did not write it: `rxing` reads symbols, `hayro` draws PDF.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::gs1::{Elements, Sscc, SsccSeries};
use domain::label::{Label, LabelFormat, TrackerLabel};
use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use label::{draw, draw_tracker};
use proptest::prelude::*;
use rxing::{BarcodeFormat, RXingResultMetadataType, RXingResultMetadataValue};

fn label(sscc: Sscc) -> Label {
    Label {
        sscc,
        from: "Apotheke am Südtor".into(),
        to: Some("Klinikum Łódź, Αποθήκη 4, Склад".into()),
        unit: "Box 3 of 12".into(),
        reference: Some("PO-2026-0042".into()),
        keep_at: Some("2 °C to 8 °C".into()),
    }
}

fn sscc() -> impl Strategy<Value = Sscc> {
    ("[1-9][0-9]{3,11}", 0..10_u8, any::<u64>()).prop_map(|(prefix, extension, serial)| {
        let series = SsccSeries::new(prefix.parse().unwrap(), extension).unwrap();
        series.sscc(serial % series.size()).unwrap()
    })
}

/// A picture in grey, row by row.
struct Grey {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Grey {
    fn of_png(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        Self { width: info.width, height: info.height, pixels }
    }

    /// Each page, at the PNG's resolution.
    fn of_pdf(pdf: Vec<u8>) -> Vec<Self> {
        let pdf = Pdf::new(pdf).unwrap();
        let scale = 300.0 / 72.0;
        let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
        let cache = RenderCache::new();
        let draw = |page| {
            let drawn = hayro::render(
                page,
                &cache,
                &InterpreterSettings::default(),
                &RenderSettings::default(),
                &settings,
            );
            let pixels = drawn.data().iter().map(|pixel| pixel.g).collect();
            Self { width: u32::from(drawn.width()), height: u32::from(drawn.height()), pixels }
        };
        pdf.pages().iter().map(draw).collect()
    }

    /// What the symbol of that kind says, behind the identifier that scanners send of it.
    fn read(&self, format: BarcodeFormat) -> String {
        let found =
            rxing::helpers::detect_in_luma(self.pixels.clone(), self.width, self.height, Some(format));
        let found = found.unwrap_or_else(|error| panic!("{format}: {error}"));
        let identifier = &found.getRXingResultMetadata()[&RXingResultMetadataType::SYMBOLOGY_IDENTIFIER];
        let RXingResultMetadataValue::SymbologyIdentifier(identifier) = identifier else { panic!() };
        format!("{identifier}{}", found.getText())
    }

    fn assert_says(&self, sscc: Sscc) {
        let today = "2026-11-28".parse().unwrap();
        for (format, says) in [
            (BarcodeFormat::CODE_128, format!("]C100{sscc}")),
            (BarcodeFormat::DATA_MATRIX, format!("]d200{sscc}")),
            (BarcodeFormat::QR_CODE, format!("]Q1https://id.gs1.org/00/{sscc}")),
        ] {
            let read = self.read(format);
            assert_eq!(read, says);
            let elements = Elements::parse(read.as_bytes(), today).unwrap();
            assert_eq!(elements, Elements { sscc: Some(sscc), ..Elements::default() });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_symbol_of_a_picture_says_its_sscc(sscc in sscc()) {
        let png = draw(&[label(sscc)], LabelFormat::Png).unwrap();
        Grey::of_png(&png).assert_says(sscc);
    }
}

#[test]
fn every_page_of_a_pdf_says_its_sscc_and_looks_as_the_picture_does() {
    let labels = ["106141412345678908", "006141411234567890", "340129999999999994"];
    let labels = labels.map(|sscc| label(sscc.parse().unwrap()));
    let pages = Grey::of_pdf(draw(&labels, LabelFormat::Pdf).unwrap());
    assert_eq!(pages.len(), labels.len());
    for (page, label) in pages.iter().zip(labels) {
        page.assert_says(label.sscc);
        let picture = Grey::of_png(&draw(&[label], LabelFormat::Png).unwrap());
        // Where both draw the same the edges alone differ a little, by how they are smoothed.
        assert!(picture.width.abs_diff(page.width) <= 1 && picture.height.abs_diff(page.height) <= 1);
        let at = |grey: &Grey, x: u32, y: u32| i32::from(grey.pixels[(y * grey.width + x) as usize]);
        let (width, height) = (picture.width.min(page.width), picture.height.min(page.height));
        let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let differ = all.filter(|(x, y)| (at(page, *x, *y) - at(&picture, *x, *y)).abs() > 128).count();
        assert!(differ < (width * height / 1000) as usize, "{differ} pixels differ");
    }
}

/// Takes the characters of a page, as a reader's search does.
#[derive(Default)]
struct Reader(String);

impl Device<'_> for Reader {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, _: DrawProps<'_>, _: &DrawMode) {
        for said in run.glyphs().iter().filter_map(|glyph| glyph.as_unicode()) {
            match said {
                BfString::Char(character) => self.0.push(character),
                BfString::String(text) => self.0.push_str(&text),
            }
        }
    }
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[test]
fn the_text_of_a_pdf_can_be_searched() {
    let label = label("106141412345678908".parse().unwrap());
    let pdf = Pdf::new(draw(std::slice::from_ref(&label), LabelFormat::Pdf).unwrap()).unwrap();
    let (cache, mut reader) = (InterpreterCache::new(), Reader::default());
    for page in pdf.pages().iter() {
        let whole = Rect::new(0.0, 0.0, 1000.0, 1000.0);
        let settings = InterpreterSettings::default();
        let mut context = Context::new(Affine::IDENTITY, whole, &cache, page.xref(), settings);
        interpret_page(page, &mut context, &mut reader);
    }
    let texts =
        [&label.from, &label.unit].into_iter().chain(&label.to).chain(&label.reference).chain(&label.keep_at);
    for text in texts.map(String::as_str).chain(["(00)106141412345678908"]) {
        assert!(reader.0.contains(text), "{text}: {}", reader.0);
    }
}

#[test]
fn a_picture_is_printed_in_its_size() {
    let png = draw(&[label("106141412345678908".parse().unwrap())], LabelFormat::Png).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
    let (info, dimensions) = (reader.info(), reader.info().pixel_dims.unwrap());
    let millimetres = |pixels: u32, to_the_metre: u32| f64::from(pixels) * 1000.0 / f64::from(to_the_metre);
    let (width, height) =
        (millimetres(info.width, dimensions.xppu), millimetres(info.height, dimensions.yppu));
    assert!((width - 105.0).abs() < 0.1 && (height - 148.0).abs() < 0.1, "{width} by {height} mm");
}

#[test]
fn a_picture_is_of_one_label() {
    let label = label("106141412345678908".parse().unwrap());
    assert!(draw(&[], LabelFormat::Png).is_err() && draw(&[label.clone(), label], LabelFormat::Png).is_err());
}

#[test]
fn a_trackers_label_is_read_as_its_identification() {
    let label = TrackerLabel {
        name: "Cold box 17, blue, with a long name".into(),
        dev_eui: "70b3d57e5e000001".parse().unwrap(),
        join_eui: "0000000000000000".parse().unwrap(),
        profile: (0xffff, 1),
    };
    assert_eq!(label.identification(), "LW:D0:0000000000000000:70B3D57E5E000001:FFFF0001");
    let png = draw_tracker(&label, LabelFormat::Png).unwrap();
    let picture = Grey::of_png(&png);
    assert_eq!((picture.width, picture.height), (590, 295));
    let found =
        rxing::helpers::detect_in_luma(picture.pixels, 590, 295, Some(BarcodeFormat::QR_CODE)).unwrap();
    assert_eq!(found.getText(), label.identification());
    assert!(draw_tracker(&label, LabelFormat::Pdf).unwrap().starts_with(b"%PDF"));
}
