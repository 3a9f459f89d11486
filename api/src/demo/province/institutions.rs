//! The 107 higher-education institutions of Zhejiang and what each teaches.
//!
//! Invariant: names and codes are real, everything said about them in the demo is invented. Pure; a
//! crash loses nothing.
//!
//! Source of the fixture: names, 学校标识码, cities and levels as published by the Ministry of
//! Education (list of about 2017 to 2020).

use serde::Deserialize;

use super::courses::Discipline;

/// One institution of the fixture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Institution {
    /// 学校标识码, 10 digits.
    pub school_code: String,
    /// Full name.
    pub name: String,
    /// City with 市.
    pub city: String,
    /// 本科 or 专科.
    pub level: String,
}

/// All of them, in the order of their codes.
pub fn all() -> Result<Vec<Institution>, csv::Error> {
    let fixture = include_str!("../../../fixtures/institutions.csv");
    csv::Reader::from_reader(fixture.as_bytes())
        .deserialize()
        .collect()
}

/// What a part of a name says about the subjects taught.
const SUBJECTS: [(&str, &[Discipline]); 29] = [
    ("医", &[Discipline::Medicine]),
    ("卫生", &[Discipline::Medicine]),
    ("健康", &[Discipline::Medicine, Discipline::Tourism]),
    ("师范", &[Discipline::Education, Discipline::Humanities]),
    ("特殊教育", &[Discipline::Education]),
    ("理工", &[Discipline::Engineering, Discipline::Computing]),
    ("工业", &[Discipline::Engineering, Discipline::Computing]),
    ("工程", &[Discipline::Engineering]),
    ("电子", &[Discipline::Computing, Discipline::Engineering]),
    ("科技", &[Discipline::Computing, Discipline::Engineering]),
    ("计量", &[Discipline::Engineering]),
    ("机电", &[Discipline::Engineering]),
    ("汽车", &[Discipline::Engineering]),
    ("交通", &[Discipline::Engineering]),
    ("水利", &[Discipline::Engineering]),
    ("电力", &[Discipline::Engineering]),
    ("建设", &[Discipline::Engineering]),
    ("财经", &[Discipline::Business]),
    ("商", &[Discipline::Business]),
    ("经", &[Discipline::Business]),
    ("金融", &[Discipline::Business]),
    ("农", &[Discipline::Agriculture]),
    ("海", &[Discipline::Marine]),
    ("旅游", &[Discipline::Tourism]),
    ("外国语", &[Discipline::Languages]),
    ("美术", &[Discipline::Arts]),
    ("艺", &[Discipline::Arts]),
    ("音乐", &[Discipline::Arts]),
    ("警", &[Discipline::Law]),
];

impl Institution {
    /// Whether it teaches for a bachelor's degree.
    pub fn is_undergraduate(&self) -> bool {
        self.level == "本科"
    }

    /// Its subjects: what its name says, else a broad choice; general courses always.
    pub fn disciplines(&self) -> Vec<Discipline> {
        let mut found = vec![Discipline::General];
        for (part, subjects) in SUBJECTS {
            if self.name.contains(part) {
                found.extend(
                    subjects
                        .iter()
                        .filter(|subject| !found.contains(subject))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
        }
        if found.len() == 1 {
            found.extend([
                Discipline::Computing,
                Discipline::Business,
                Discipline::Humanities,
                Discipline::Education,
            ]);
        }
        found
    }

    /// How many learners it has against the others: old universities many, young colleges few.
    /// `rank` is its place in the list, which is the order in which codes were given.
    pub(super) fn weight(&self, rank: usize) -> usize {
        let size = match (self.is_undergraduate(), self.name.ends_with("大学")) {
            (true, true) => 6,
            (true, false) => 3,
            (false, _) => 2,
        };
        size * 10_000 / (rank + 8)
    }
}
