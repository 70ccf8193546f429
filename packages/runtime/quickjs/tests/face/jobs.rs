//! Promises, jobs and rejections.

use guest_quickjs::PromiseState;

use crate::engine::{drain, in_engine, rejections, run, text};

#[test]
fn a_promise_tells_its_state_and_its_result() {
    in_engine(|context| {
        let state = |source| run(context, source).promise_state();
        assert_eq!(state("new Promise(() => {})"), Some(PromiseState::Pending));
        assert_eq!(state("Promise.resolve(1)"), Some(PromiseState::Fulfilled));
        assert_eq!(state("Promise.reject(1)"), Some(PromiseState::Rejected));
        assert_eq!(state("({ then() {} })"), None);
        assert_eq!(state("1"), None);
        assert_eq!(text(&run(context, "Promise.resolve('value')").promise_result()), "value");
        assert_eq!(text(&run(context, "Promise.reject('reason')").promise_result()), "reason");
    });
}

#[test]
fn jobs_run_one_at_a_time_in_order() {
    in_engine(|context| {
        run(
            context,
            "globalThis.order = []; for (const n of [1, 2, 3]) Promise.resolve().then(() => order.push(n));",
        );
        for expected in ["", "1", "1,2", "1,2,3"] {
            assert_eq!(text(&run(context, "order")), expected);
            assert_eq!(context.run_job(), Ok(expected != "1,2,3"));
        }
    });
}

#[test]
fn rejections_are_heard_of_and_so_are_late_handlers() {
    in_engine(|context| {
        run(context, "globalThis.late = Promise.reject('late'); Promise.reject('caught').catch(() => {});");
        drain(context);
        let all = |pairs: &[(&str, bool)]| -> Vec<(String, bool)> {
            pairs.iter().map(|&(reason, handled)| (reason.to_owned(), handled)).collect()
        };
        assert_eq!(rejections(), all(&[("late", false), ("caught", false), ("caught", true)]));
        run(context, "late.catch(() => {})");
        assert_eq!(rejections(), all(&[("late", true)]));
    });
}

#[test]
fn callbacks_of_a_registry_wait_until_they_are_admitted() {
    in_engine(|context| {
        run(
            context,
            "globalThis.gone = [];
             globalThis.registry = new FinalizationRegistry((name) => gone.push(name));
             registry.register({}, 'one'); registry.register({}, 'two');",
        );
        context.collect();
        assert_eq!(context.run_job(), Ok(false));
        assert_eq!(text(&run(context, "gone.length")), "0");
        assert!(context.admit_cleanup());
        assert_eq!(context.run_job(), Ok(true));
        assert_eq!(text(&run(context, "gone.length")), "1");
        drain(context);
        assert_eq!(text(&run(context, "gone.sort()")), "one,two");
        assert!(!context.admit_cleanup());
    });
}
