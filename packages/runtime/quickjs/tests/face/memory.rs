//! Running out of memory, as the face tells of it.

use std::sync::atomic::Ordering::Relaxed;

use guest_engine::uk_set_memory_pressure;
use guest_quickjs::{Context, Memory};

use crate::engine::{MEMORY_IS_BACK, eval, in_engine, run, text};

#[test]
fn the_engine_starts_once() {
    in_engine(|_| assert!(Context::new(1 << 20, [0; 4], Memory::UNLIMITED).is_none()));
}

#[test]
fn memory_that_is_not_back_after_a_collection_is_an_error_that_can_be_caught() {
    in_engine(|context| {
        MEMORY_IS_BACK.store(false, Relaxed);
        uk_set_memory_pressure(1);
        let end = eval(context, "try { [].concat({}) } catch (error) { `${error}` }").map(|end| text(&end));
        MEMORY_IS_BACK.store(true, Relaxed);
        let end = end.unwrap_or_else(|_| text(&context.exception()));
        assert_eq!(end, "InternalError: out of memory");
        assert_eq!(text(&run(context, "1 + 1")), "2");
    });
}

#[test]
fn memory_that_is_back_after_a_collection_is_nobodys_error() {
    in_engine(|context| {
        uk_set_memory_pressure(1);
        assert_eq!(text(&run(context, "[].concat({}).length")), "1");
    });
}
