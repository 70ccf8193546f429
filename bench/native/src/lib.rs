//! What the native loops share: the filter of a tender, so that its share of the time can be told.

use std::collections::BTreeMap;
use std::io::{Error, Result};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// What one argument of a system call has to be.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// The argument with this index has this value.
    Is(u8, u64),
    /// The argument with this index has this value or less.
    AtMost(u8, u64),
}

/// Lets this process make these system calls and no others from now on, as solo5-spt does with a guest.
///
/// # Errors
/// The host refuses filters.
pub fn confine(calls: &[(libc::c_long, &[Argument])]) -> Result<()> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, arguments) in calls {
        let conditions = arguments.iter().map(|argument| match *argument {
            Argument::Is(index, value) => condition(index, SeccompCmpOp::Eq, value),
            Argument::AtMost(index, value) => condition(index, SeccompCmpOp::Le, value),
        });
        let conditions = conditions.collect::<Result<Vec<_>>>()?;
        let of_call = rules.entry(*call).or_default();
        if !conditions.is_empty() {
            of_call.push(SeccompRule::new(conditions).map_err(Error::other)?);
        }
    }
    let (no, yes) = (SeccompAction::KillProcess, SeccompAction::Allow);
    let filter = SeccompFilter::new(rules, no, yes, TargetArch::x86_64).map_err(Error::other)?;
    let program = BpfProgram::try_from(filter).map_err(Error::other)?;
    seccompiler::apply_filter(&program).map_err(Error::other)
}

fn condition(index: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition> {
    SeccompCondition::new(index, SeccompCmpArgLen::Qword, operator, value).map_err(Error::other)
}
