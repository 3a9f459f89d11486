//! Codes as pictures: drawn as SVG and PNG for a stated size in print, and read from a photo.
//!
//! Invariant: a module is a whole number of dots, rounded up, so a printer never blurs an edge; the quiet
//! zone of 4 modules is part of the picture. Reading bounds the pixels before it decodes any.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Modules of white around a code.
const QUIET: i32 = 4;
/// Largest side of a picture that is read, in pixels.
const SIDE_MAX: usize = 8_000;
/// Most pixels of a picture that is read.
const PIXELS_MAX: usize = 40_000_000;
/// Most pixels in which codes are looked for; a larger picture is halved first.
const SEEN_MAX: usize = 16_000_000;
/// Tenths of a millimetre in an inch.
const INCH_TENTHS_MM: u32 = 254;

/// Width of a module in print, in hundredths of a millimetre (STANDARDS §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// Short form: 0.45 mm.
    Short,
    /// With receipt: 0.36 mm.
    WithReceipt,
}

impl Module {
    const fn hundredths_mm(self) -> u32 {
        match self {
            Self::Short => 45,
            Self::WithReceipt => 36,
        }
    }

    /// Dots of a module at `dpi`, rounded up.
    pub fn dots(self, dpi: u32) -> u32 {
        let tenths = self.hundredths_mm().saturating_mul(dpi);
        tenths.div_ceil(INCH_TENTHS_MM * 10)
    }
}

/// The text does not fit into any code, or a picture cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// More than version 40 holds.
    #[error("the code is too long for a QR code")]
    TooLong,
    /// The picture was not written.
    #[error("the picture could not be written: {0}")]
    Write(String),
    /// Not a PNG or JPEG, damaged, or too large.
    #[error("the picture cannot be read: {0}")]
    Read(String),
}

/// The code of an address: its beginning in byte mode, its digits in numeric mode, error correction M.
pub fn code(prefix: &str, digits: &str) -> Result<QrCode, PictureError> {
    let mut segments = vec![QrSegment::make_bytes(prefix.as_bytes())];
    segments.push(QrSegment::make_numeric(digits));
    QrCode::encode_segments_advanced(
        &segments,
        QrCodeEcc::Medium,
        Version::MIN,
        Version::MAX,
        None,
        // A higher level of correction in the same version would be free, but the size is promised at M.
        false,
    )
    .map_err(|_| PictureError::TooLong)
}

/// The code of a short text in QR's own alphabet (base45), error correction M.
pub fn short(text: &str) -> Result<QrCode, PictureError> {
    QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| PictureError::TooLong)
}

/// As SVG, sized for print.
pub fn svg(code: &QrCode, module: Module) -> String {
    let side = code.size() + 2 * QUIET;
    let mm = f64::from(side) * f64::from(module.hundredths_mm()) / 100.0;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let from = x;
            while x < code.size() && code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                let width = x - from;
                let _infallible =
                    write!(path, "M{} {}h{width}v1h-{width}z", from + QUIET, y + QUIET);
            }
            x += 1;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{mm:.2}mm\" height=\"{mm:.2}mm\" \
         viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\">\
         <title>QR</title><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    )
}

/// As PNG of one bit a pixel that says its resolution.
pub fn png(code: &QrCode, module: Module, dpi: u32) -> Result<Vec<u8>, PictureError> {
    let wrong = |error: png::EncodingError| PictureError::Write(error.to_string());
    let dots = module.dots(dpi).max(1);
    let modules = u32::try_from(code.size() + 2 * QUIET).unwrap_or_default();
    let side = modules.saturating_mul(dots);
    let mut rows = Vec::new();
    for y in 0..modules {
        let mut row = vec![0xff_u8; side.div_ceil(8) as usize];
        for x in 0..side {
            let at = |n: u32| i32::try_from(n).unwrap_or_default() - QUIET;
            if code.get_module(at(x / dots), at(y))
                && let Some(byte) = row.get_mut(x as usize / 8)
            {
                *byte &= !(0x80 >> (x % 8));
            }
        }
        for _dot in 0..dots {
            rows.extend_from_slice(&row);
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let per_metre = dpi.saturating_mul(10_000) / INCH_TENTHS_MM;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(wrong)?;
    writer.write_image_data(&rows).map_err(wrong)?;
    writer.finish().map_err(wrong)?;
    Ok(bytes)
}

/// As text for a terminal: two rows of modules a line, black on white whatever its colours.
pub fn terminal(code: &QrCode) -> String {
    let mut text = String::new();
    let mut y = -QUIET / 2;
    while y < code.size() + QUIET / 2 {
        text.push_str("\u{1b}[30;47m");
        for x in -QUIET / 2..code.size() + QUIET / 2 {
            text.push(match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push_str("\u{1b}[0m\n");
        y += 2;
    }
    text
}

/// Whether these bytes are a picture that can be read here.
pub fn is_picture(bytes: &[u8]) -> bool {
    is_png(bytes) || is_jpeg(bytes)
}

fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}

/// Pixels of a picture, 0 = black.
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The texts of the codes in a picture, in no order.
pub fn read(bytes: &[u8]) -> Result<Vec<String>, PictureError> {
    let mut grey = if is_png(bytes) {
        read_png(bytes)?
    } else if is_jpeg(bytes) {
        read_jpeg(bytes)?
    } else {
        return Err(PictureError::Read("neither PNG nor JPEG".into()));
    };
    while grey.pixels.len() > SEEN_MAX {
        grey = grey.halved();
    }
    // A code that is blurred, grainy or small reads at another scale than it was taken at.
    let passes: [fn(&Grey) -> Grey; 4] = [Grey::as_is, Grey::smoothed, Grey::halved, Grey::doubled];
    for pass in passes {
        let seen = pass(&grey);
        if seen.pixels.is_empty() {
            continue;
        }
        let texts = decode(&seen);
        if !texts.is_empty() {
            return Ok(texts);
        }
    }
    Ok(Vec::new())
}

fn decode(grey: &Grey) -> Vec<String> {
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(grey.width, grey.height, |x, y| grey.at(x, y));
    let grids = prepared.detect_grids();
    grids
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}

impl Grey {
    /// The pixel there; paper beyond the edge.
    fn at(&self, x: usize, y: usize) -> u8 {
        let inside = x < self.width && y < self.height;
        let pixel = inside
            .then(|| self.pixels.get(y * self.width + x))
            .flatten();
        pixel.copied().unwrap_or(0xff)
    }

    fn map(width: usize, height: usize, pixel: impl Fn(usize, usize) -> u8) -> Self {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            height,
            pixels: rows.map(|(x, y)| pixel(x, y)).collect(),
        }
    }

    /// The mean of a square of pixels.
    fn mean(&self, xs: std::ops::Range<usize>, ys: std::ops::Range<usize>) -> u8 {
        let count = u32::try_from(xs.len() * ys.len())
            .unwrap_or(u32::MAX)
            .max(1);
        let sum: u32 = ys
            .flat_map(|y| xs.clone().map(move |x| (x, y)))
            .map(|(x, y)| u32::from(self.at(x, y)))
            .sum();
        u8::try_from(sum / count).unwrap_or(0xff)
    }

    fn as_is(&self) -> Self {
        Self {
            width: self.width,
            height: self.height,
            pixels: self.pixels.clone(),
        }
    }

    fn smoothed(&self) -> Self {
        Self::map(self.width, self.height, |x, y| {
            self.mean(x.saturating_sub(1)..x + 2, y.saturating_sub(1)..y + 2)
        })
    }

    fn halved(&self) -> Self {
        Self::map(self.width / 2, self.height / 2, |x, y| {
            self.mean(2 * x..2 * x + 2, 2 * y..2 * y + 2)
        })
    }

    /// Twice as large; nothing where that were more than is looked at.
    fn doubled(&self) -> Self {
        if self.pixels.len() > SEEN_MAX / 4 {
            return Self::map(0, 0, |_, _| 0xff);
        }
        Self::map(self.width * 2, self.height * 2, |x, y| {
            self.mean(x / 2..x.div_ceil(2) + 1, y / 2..y.div_ceil(2) + 1)
        })
    }
}

fn check_size(width: usize, height: usize) -> Result<(), PictureError> {
    if width > SIDE_MAX || height > SIDE_MAX || width.saturating_mul(height) > PIXELS_MAX {
        return Err(PictureError::Read(
            "more than 8000 pixels a side, or 40 million".into(),
        ));
    }
    Ok(())
}

fn read_png(bytes: &[u8]) -> Result<Grey, PictureError> {
    let wrong = |error: png::DecodingError| PictureError::Read(error.to_string());
    let limits = png::Limits { bytes: 256 << 20 };
    let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| PictureError::Read("too large".into()))?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).map_err(wrong)?;
    buffer.truncate(frame.buffer_size());
    let samples = frame.color_type.samples();
    Ok(Grey {
        width,
        height,
        pixels: buffer.chunks(samples).map(luma).collect(),
    })
}

/// Brightness of a pixel; what is transparent is paper.
fn luma(pixel: &[u8]) -> u8 {
    let (grey, alpha) = match *pixel {
        [grey] => (grey, 0xff),
        [grey, alpha] => (grey, alpha),
        [r, g, b] => (mix(r, g, b), 0xff),
        [r, g, b, alpha] => (mix(r, g, b), alpha),
        _ => (0xff, 0xff),
    };
    if alpha < 0x80 { 0xff } else { grey }
}

fn mix(r: u8, g: u8, b: u8) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    u8::try_from(sum / 1_000).unwrap_or(0xff)
}

fn read_jpeg(bytes: &[u8]) -> Result<Grey, PictureError> {
    let wrong = |error: zune_jpeg::errors::DecodeErrors| PictureError::Read(error.to_string());
    let options = DecoderOptions::new_safe()
        .set_max_width(SIDE_MAX)
        .set_max_height(SIDE_MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(wrong)?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| PictureError::Read("no size".into()))?;
    check_size(width, height)?;
    let pixels = decoder.decode().map_err(wrong)?;
    Ok(Grey {
        width,
        height,
        pixels,
    })
}
