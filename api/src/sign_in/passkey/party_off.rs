//! Built without passkeys: nobody is known to devices here.

use serde_json::Value;
use uuid::Uuid;

use super::{NotShown, Registered};

/// There is none.
#[derive(Debug)]
pub(super) enum Party {}

impl Party {
    pub(super) const fn of(_base_url: &str) -> Option<Self> {
        None
    }

    pub(super) fn register(
        &self,
        _person: Uuid,
        _name: &str,
        _known: Vec<Value>,
    ) -> Result<(Value, Value), NotShown> {
        match *self {}
    }

    pub(super) fn registered(&self, _answer: Value, _state: Value) -> Result<Registered, NotShown> {
        match *self {}
    }

    pub(super) fn ask(&self) -> Result<(Value, Value), NotShown> {
        match *self {}
    }

    pub(super) fn named(&self, _answer: &Value) -> Result<(Uuid, Vec<u8>), NotShown> {
        match *self {}
    }

    pub(super) fn shown(
        &self,
        _answer: &Value,
        _state: Value,
        _kept: Value,
    ) -> Result<Value, NotShown> {
        match *self {}
    }
}
