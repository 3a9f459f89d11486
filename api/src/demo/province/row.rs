//! One line of an import file: an outcome as an institution writes it down.
//!
//! Invariant: the cells stand in the order of [`HEADER`]; kinds, schemes and categories are wire
//! names. Pure; a crash loses nothing.

use credentials::policy::{OutcomeKind, Scheme};
use jiff::civil::Date;

use super::courses::{self, Offer};
use super::institutions::Institution;
use super::people::Learner;
use super::random::SplitMix64;

/// The columns, in order; they are the fields of `POST /v1/outcomes` with the learner's name and
/// resident ID.
pub(super) const HEADER: [&str; 13] = [
    "姓名",
    "证件号",
    "记录号",
    "类型",
    "课程代码",
    "课程名称",
    "学时",
    "学分",
    "体系",
    "等级",
    "类别",
    "成绩",
    "完成日期",
];

/// How an institution writes dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateStyle {
    /// 2026-06-30
    Iso,
    /// 2026/6/30
    Slash,
    /// 2026年6月30日
    Chinese,
}

impl DateStyle {
    /// Nine of ten write ISO dates.
    pub(super) fn draw(random: &mut SplitMix64) -> Self {
        match random.below(20) {
            0 => Self::Chinese,
            1 => Self::Slash,
            _ => Self::Iso,
        }
    }

    pub(super) fn write(self, year: i16, month: i8, day: i8) -> String {
        match self {
            Self::Iso => format!("{year}-{month:02}-{day:02}"),
            Self::Slash => format!("{year}/{month}/{day}"),
            Self::Chinese => format!("{year}年{month}月{day}日"),
        }
    }
}

/// The cells of a row before they are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) resident_id: String,
    pub(super) record: String,
    pub(super) kind: OutcomeKind,
    pub(super) offer: Offer,
    pub(super) hours: String,
    pub(super) credits: String,
    pub(super) level: &'static str,
    pub(super) undergraduate: bool,
    pub(super) grade: String,
    pub(super) completed_on: String,
    /// Hours and credits are both there and differ.
    pub(super) mismatch: bool,
}

impl Row {
    /// An outcome of `learner` at `institution`; `serial` is the institution's running number.
    pub(super) fn draw(
        random: &mut SplitMix64,
        institution: &Institution,
        learner: &Learner,
        style: DateStyle,
        serial: usize,
    ) -> Self {
        let kind = kind(random, learner.is_elder());
        let offer = match courses::offers_of(kind) {
            [] => {
                let disciplines = institution.disciplines();
                let at = random.below(disciplines.len());
                let discipline = disciplines
                    .get(at)
                    .copied()
                    .unwrap_or(courses::Discipline::General);
                random.pick(discipline.offers())
            }
            offers => random.pick(offers),
        };
        let date = date(random, kind);
        let mut hours = usize::from(offer.halves) * 8;
        let mut credits = String::new();
        let mut mismatch = false;
        // Training is mostly counted in hours and left to the formula.
        if courses::carries_credit(kind) && !(kind == OutcomeKind::Training && random.chance(50)) {
            credits = halves(offer.halves);
            mismatch = random.chance(2);
            hours += if mismatch { 8 } else { 0 };
        }
        Self {
            name: learner.name.clone(),
            resident_id: learner.resident_id.clone(),
            record: record(date, offer.code, serial),
            kind,
            offer,
            hours: hours.to_string(),
            credits,
            level: level(kind, institution.is_undergraduate()),
            undergraduate: institution.is_undergraduate(),
            grade: grade(random, kind),
            completed_on: style.write(date.year(), date.month(), date.day()),
            mismatch,
        }
    }

    /// The cells in the order of [`HEADER`].
    pub(super) fn cells(&self) -> [&str; 13] {
        let scheme = if courses::carries_credit(self.kind) {
            Scheme::CnHe
        } else {
            Scheme::None
        };
        [
            &self.name,
            &self.resident_id,
            &self.record,
            self.kind.as_str(),
            self.offer.code,
            self.offer.title,
            &self.hours,
            &self.credits,
            scheme.as_str(),
            self.level,
            courses::category_of(self.kind, self.undergraduate).as_str(),
            &self.grade,
            &self.completed_on,
        ]
    }
}

/// Half credits as registrars write them: `3.0`, `2.5`.
pub(super) fn halves(halves: u16) -> String {
    format!(
        "{}.{}",
        halves / 2,
        if halves.is_multiple_of(2) { 0 } else { 5 }
    )
}

fn kind(random: &mut SplitMix64, elder: bool) -> OutcomeKind {
    use OutcomeKind::{
        Certificate, Community, Course, ElderCourse, OpenCourse, StudyTour, TeacherTraining,
        Training, Volunteering,
    };
    let at = random.below(100);
    if elder {
        return match at {
            0..70 => ElderCourse,
            70..90 => Community,
            _ => Volunteering,
        };
    }
    match at {
        0..84 => Course,
        84..90 => OpenCourse,
        90..93 => Certificate,
        93..96 => Training,
        96..98 => TeacherTraining,
        98 => StudyTour,
        _ => Volunteering,
    }
}

/// From September 2019 to June 2026, a few from 2016 on, whose validity is over; courses end with
/// their term.
fn date(random: &mut SplitMix64, kind: OutcomeKind) -> Date {
    let old = random.chance(3);
    let year = if old {
        random.between(2016, 2018)
    } else {
        random.between(2020, 2026)
    };
    let (month, day) = if kind == OutcomeKind::Course {
        if random.chance(50) {
            (1, random.between(5, 20))
        } else {
            (6, random.between(15, 30))
        }
    } else {
        (random.between(1, 6), random.between(1, 28))
    };
    let small = |n: i16| i8::try_from(n).unwrap_or(1);
    Date::new(year, small(month), small(day)).unwrap_or_default()
}

/// As `2024-1-CS2001-00042`: school year's end, term, code, the institution's running number.
fn record(date: Date, code: &str, serial: usize) -> String {
    let term = if date.month() == 1 { 1 } else { 2 };
    format!("{}-{term}-{code}-{serial:05}", date.year())
}

fn level(kind: OutcomeKind, undergraduate: bool) -> &'static str {
    match kind {
        OutcomeKind::Certificate | OutcomeKind::Training => "3",
        OutcomeKind::TeacherTraining => "5",
        _ if !courses::carries_credit(kind) => "",
        _ if undergraduate => "5",
        _ => "4",
    }
}

fn grade(random: &mut SplitMix64, kind: OutcomeKind) -> String {
    match kind {
        OutcomeKind::Course | OutcomeKind::OpenCourse | OutcomeKind::Certificate => {
            // Two draws lie around the middle, as marks do.
            (60 + random.below(21) + random.below(21)).to_string()
        }
        OutcomeKind::Training | OutcomeKind::TeacherTraining => {
            random.pick(&["优秀", "良好", "合格", "合格"]).to_owned()
        }
        _ => String::new(),
    }
}
