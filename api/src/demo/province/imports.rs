//! The files institutions send in, with what real files hold besides good rows.
//!
//! Invariant: counts and bad rows say exactly what is in the files. The cells of a bad row are those
//! of a good one but for its one fault; its record number occurs nowhere else. Pure; a crash loses
//! nothing.

use super::institutions::Institution;
use super::people::Learner;
use super::random::SplitMix64;
use super::row::{DateStyle, HEADER, Row, halves};
use super::{Counts, GenerateError};

/// A file as an institution uploads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// Who sends it.
    pub school_code: String,
    /// Its name.
    pub file_name: String,
    /// UTF-8, comma, a header line, `\n`.
    pub csv: Vec<u8>,
    /// Data rows in it.
    pub rows: usize,
}

/// What is wrong with a bad row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// No resident ID.
    MissingIdentifier,
    /// No date.
    MissingDate,
    /// The resident ID's check character is wrong.
    CheckDigit,
    /// The resident ID checks but belongs to nobody.
    UnknownPerson,
    /// A spreadsheet has rounded the resident ID: `3.39901E+17`.
    Spreadsheet,
    /// Credits below zero.
    NegativeCredits,
    /// Credits with four decimals.
    FourDecimals,
    /// A day a hundred years ahead.
    FutureDate,
    /// 30 February.
    ImpossibleDate,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::MissingIdentifier,
        Self::MissingDate,
        Self::CheckDigit,
        Self::UnknownPerson,
        Self::Spreadsheet,
        Self::NegativeCredits,
        Self::FourDecimals,
        Self::FutureDate,
        Self::ImpossibleDate,
    ];

    /// The row code it should come back with (UX.md §6).
    pub fn row_code(self) -> &'static str {
        match self {
            Self::MissingIdentifier | Self::MissingDate => "I01",
            Self::CheckDigit => "I02",
            Self::Spreadsheet => "I03",
            Self::NegativeCredits | Self::FourDecimals => "I05",
            Self::FutureDate | Self::ImpossibleDate => "I06",
            Self::UnknownPerson => "I08",
        }
    }

    fn spoil(self, row: &mut Row, style: DateStyle) {
        match self {
            Self::MissingIdentifier => row.resident_id.clear(),
            Self::MissingDate => row.completed_on.clear(),
            Self::CheckDigit => {
                let check = if row.resident_id.ends_with('7') {
                    '8'
                } else {
                    '7'
                };
                row.resident_id.pop();
                row.resident_id.push(check);
            }
            Self::UnknownPerson => row.resident_id = nobody(&row.resident_id),
            Self::Spreadsheet => row.resident_id = rounded(&row.resident_id),
            Self::NegativeCredits => row.credits = "-2.0".into(),
            Self::FourDecimals => row.credits = "2.0001".into(),
            Self::FutureDate => row.completed_on = style.write(2126, 6, 30),
            Self::ImpossibleDate => row.completed_on = style.write(2025, 2, 30),
        }
    }
}

/// A number that checks in a region (339800) where the demo puts nobody.
fn nobody(resident_id: &str) -> String {
    let body = format!("339800{}", resident_id.get(6..17).unwrap_or_default());
    let check = identity::identifier::resident_id::check_character(&body);
    body.chars().chain(check).collect()
}

/// What Excel shows of a number of 18 digits.
fn rounded(resident_id: &str) -> String {
    let (first, rest) = resident_id.split_at_checked(1).unwrap_or_default();
    format!("{first}.{}E+17", rest.get(..5).unwrap_or_default())
}

/// A row that must come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Name of its file.
    pub file_name: String,
    /// Line in the file, from 1; the header is line 1.
    pub line: usize,
    /// Its record number.
    pub record: String,
    /// What is wrong.
    pub fault: Fault,
}

/// A late correction: the awarder found an outcome to be wrong after it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The awarder.
    pub school_code: String,
    /// The awarder's number of the outcome.
    pub record: String,
    /// The right mark, if the mark was wrong.
    pub grade: Option<String>,
    /// The right credits, if they were.
    pub credits: Option<String>,
    /// In the awarder's words.
    pub reason: &'static str,
}

/// What [`make`] makes.
pub(super) struct Made {
    pub(super) imports: Vec<ImportFile>,
    pub(super) bad_rows: Vec<BadRow>,
    pub(super) corrections: Vec<Correction>,
    pub(super) counts: Counts,
}

/// The rows of one institution while they are collected.
struct Sheet<'a> {
    institution: &'a Institution,
    learners: Vec<&'a Learner>,
    style: DateStyle,
    serial: usize,
    rows: Vec<(Row, Option<Fault>)>,
}

impl Sheet<'_> {
    fn draw(&mut self, random: &mut SplitMix64, learner: &Learner) -> Row {
        self.serial += 1;
        Row::draw(random, self.institution, learner, self.style, self.serial)
    }
}

/// All files of `outcomes` outcomes.
pub(super) fn make(
    random: &mut SplitMix64,
    institutions: &[Institution],
    learners: &[Learner],
    outcomes: usize,
) -> Result<Made, GenerateError> {
    let mut sheets: Vec<Sheet<'_>> = institutions
        .iter()
        .map(|institution| Sheet {
            institution,
            learners: learners
                .iter()
                .filter(|one| one.home == institution.school_code)
                .collect(),
            style: DateStyle::draw(random),
            serial: 0,
            rows: Vec::new(),
        })
        .collect();
    let mut counts = Counts {
        outcomes,
        ..Counts::default()
    };
    fill(random, &mut sheets, learners, &mut counts);
    let corrections = correct(random, &sheets, (outcomes / 200).max(1));
    let again = send_again(random, &sheets, &mut counts);
    repeat(random, &mut sheets, &mut counts);
    spoil(random, &mut sheets, &mut counts);

    let mut imports = Vec::new();
    let mut bad_rows = Vec::new();
    let first = sheets
        .iter()
        .map(|sheet| (sheet.institution, "学习成果", sheet.rows.as_slice()));
    let second = again
        .iter()
        .map(|(institution, rows)| (*institution, "补报", rows.as_slice()));
    for (institution, title, rows) in first.chain(second) {
        if rows.is_empty() {
            continue;
        }
        let file_name = format!("{}-{title}.csv", institution.school_code);
        bad_rows.extend(rows.iter().enumerate().filter_map(|(at, (row, fault))| {
            let (file_name, record) = (file_name.clone(), row.record.clone());
            fault.map(|fault| BadRow {
                file_name,
                line: at + 2,
                record,
                fault,
            })
        }));
        counts.rows += rows.len();
        imports.push(ImportFile {
            school_code: institution.school_code.clone(),
            file_name,
            csv: write(rows)?,
            rows: rows.len(),
        });
    }
    Ok(Made {
        imports,
        bad_rows,
        corrections,
        counts,
    })
}

/// The good rows: most of a learner's come from home, one of ten from elsewhere.
fn fill(
    random: &mut SplitMix64,
    sheets: &mut [Sheet<'_>],
    learners: &[Learner],
    counts: &mut Counts,
) {
    let Some(anywhere) = learners.len().checked_sub(1) else {
        return;
    };
    let homes: std::collections::BTreeMap<String, usize> = sheets
        .iter()
        .enumerate()
        .map(|(at, sheet)| (sheet.institution.school_code.clone(), at))
        .collect();
    for _ in 0..counts.outcomes {
        let Some(learner) = learners.get(random.below(anywhere + 1)) else {
            continue;
        };
        let home = homes.get(&learner.home).copied().unwrap_or_default();
        let at = if random.chance(90) {
            home
        } else {
            random.below(sheets.len())
        };
        let Some(sheet) = sheets.get_mut(at) else {
            continue;
        };
        let row = sheet.draw(random, learner);
        counts.hours_mismatch += usize::from(row.mismatch);
        sheet.rows.push((row, None));
    }
}

/// Corrections of `count` different courses.
fn correct(random: &mut SplitMix64, sheets: &[Sheet<'_>], count: usize) -> Vec<Correction> {
    let mut courses: Vec<(&Institution, &Row)> = sheets
        .iter()
        .flat_map(|sheet| sheet.rows.iter().map(|(row, _)| (sheet.institution, row)))
        .filter(|(_, row)| row.kind == credentials::policy::OutcomeKind::Course)
        .collect();
    let mut corrections = Vec::new();
    while corrections.len() < count && !courses.is_empty() {
        let (institution, row) = courses.swap_remove(random.below(courses.len()));
        let by_mark = random.chance(60);
        // One point up or half a credit more is never the old value.
        let mark = row.grade.parse::<u32>().unwrap_or_default();
        corrections.push(Correction {
            school_code: institution.school_code.clone(),
            record: row.record.clone(),
            grade: by_mark.then(|| if mark < 100 { mark + 1 } else { 99 }.to_string()),
            credits: (!by_mark).then(|| halves(row.offer.halves + 1)),
            reason: if by_mark {
                "复核后更正成绩"
            } else {
                "学分录入有误"
            },
        });
    }
    corrections
}

/// One row, and its fault if it has one.
type Line = (Row, Option<Fault>);

/// Later files of the three largest institutions that hold rows sent before: one of 400 outcomes.
fn send_again<'a>(
    random: &mut SplitMix64,
    sheets: &[Sheet<'a>],
    counts: &mut Counts,
) -> Vec<(&'a Institution, Vec<Line>)> {
    let mut largest: Vec<&Sheet<'a>> = sheets.iter().collect();
    largest.sort_by_key(|sheet| std::cmp::Reverse(sheet.rows.len()));
    let mut files = Vec::new();
    for sheet in largest.into_iter().take(3) {
        let mut rows = sheet.rows.clone();
        let keep = (counts.outcomes / 1200).min(rows.len());
        while rows.len() > keep {
            rows.swap_remove(random.below(rows.len()));
        }
        counts.already_recorded += rows.len();
        files.push((sheet.institution, rows));
    }
    files
}

/// Rows that stand twice in one file: one of 100 outcomes. The copy is exact and comes later.
fn repeat(random: &mut SplitMix64, sheets: &mut [Sheet<'_>], counts: &mut Counts) {
    let sizes: Vec<usize> = sheets.iter().map(|sheet| sheet.rows.len()).collect();
    for _ in 0..counts.outcomes / 100 {
        let Some(sheet) = sheets.get_mut(random.weighted(&sizes)) else {
            continue;
        };
        let at = random.below(sheet.rows.len());
        let Some(row) = sheet.rows.get(at).cloned() else {
            continue;
        };
        let later = at + 1 + random.below(sheet.rows.len() - at);
        sheet.rows.insert(later, row);
        counts.repeated += 1;
    }
}

/// Bad rows: one of 250 outcomes and each fault at least once, where there are outcomes at all.
fn spoil(random: &mut SplitMix64, sheets: &mut [Sheet<'_>], counts: &mut Counts) {
    let sizes: Vec<usize> = sheets
        .iter()
        .map(|sheet| sheet.learners.len() * sheet.rows.len())
        .collect();
    if sizes.iter().all(|&size| size == 0) {
        return;
    }
    let count = (counts.outcomes / 250).max(Fault::ALL.len());
    for fault in Fault::ALL.into_iter().cycle().take(count) {
        let Some(sheet) = sheets.get_mut(random.weighted(&sizes)) else {
            continue;
        };
        let Some(&learner) = sheet.learners.get(random.below(sheet.learners.len())) else {
            continue;
        };
        let mut row = sheet.draw(random, learner);
        fault.spoil(&mut row, sheet.style);
        let at = random.below(sheet.rows.len() + 1);
        sheet.rows.insert(at, (row, Some(fault)));
        counts.bad += 1;
    }
}

fn write(rows: &[Line]) -> Result<Vec<u8>, GenerateError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for (row, _) in rows {
        writer.write_record(row.cells())?;
    }
    Ok(writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?)
}
