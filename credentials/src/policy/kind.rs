//! The kinds of outcome and their categories, closed lists with wire names.
//!
//! Invariant: a name that was ever stored is never renamed or reused. Pure; a crash loses nothing.
//!
//! Lists: DESIGN.md §11, DOMAIN.md §3.19.

use serde::{Deserialize, Serialize};

/// What was learned, by form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// 课程: a course of an institution.
    Course,
    /// 在线开放课程: a run of an open online course.
    OpenCourse,
    /// 证书: a certificate of somebody else's.
    Certificate,
    /// 培训: vocational training.
    Training,
    /// 教师培训.
    TeacherTraining,
    /// 老年课程; its points are another unit.
    ElderCourse,
    /// 研学.
    StudyTour,
    /// 社区教育.
    Community,
    /// 志愿服务.
    Volunteering,
    /// Old records without a signature of their own, taken over in bulk.
    Migrated,
}

/// Which branch of the framework an outcome belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 普通教育.
    General,
    /// 职业教育.
    Vocational,
    /// 培训及业绩.
    Achievement,
    /// 老年教育.
    Elder,
    /// 社区教育.
    Community,
}

/// A text that names none of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the {0}")]
pub struct UnknownName(pub &'static str);

impl OutcomeKind {
    /// All of them, in the order of DOMAIN.md §3.19.
    pub const ALL: [Self; 10] = [
        Self::Course,
        Self::OpenCourse,
        Self::Certificate,
        Self::Training,
        Self::TeacherTraining,
        Self::ElderCourse,
        Self::StudyTour,
        Self::Community,
        Self::Volunteering,
        Self::Migrated,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::OpenCourse => "open_course",
            Self::Certificate => "certificate",
            Self::Training => "training",
            Self::TeacherTraining => "teacher_training",
            Self::ElderCourse => "elder_course",
            Self::StudyTour => "study_tour",
            Self::Community => "community",
            Self::Volunteering => "volunteering",
            Self::Migrated => "migrated",
        }
    }

    /// Whether its credits count only once somebody recognised it: a record of an old system, which
    /// its awarder never signed (DOMAIN §3.19).
    pub fn needs_recognition(self) -> bool {
        self == Self::Migrated
    }
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::General,
        Self::Vocational,
        Self::Achievement,
        Self::Elder,
        Self::Community,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Vocational => "vocational",
            Self::Achievement => "achievement",
            Self::Elder => "elder",
            Self::Community => "community",
        }
    }
}

impl std::str::FromStr for OutcomeKind {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownName("outcome kinds"))
    }
}

impl std::str::FromStr for Category {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or(UnknownName("categories"))
    }
}
