import { channel } from "node:diagnostics_channel";
import { type Subscription, trace } from "../trace.ts";

/** The name of the channel: `diagnostics_channel.subscribe(TRACE_CHANNEL, (event) => ...)`. */
export const TRACE_CHANNEL = "uk:miou:trace";

/**
 * Publishes every trace event on Node's `diagnostics_channel` until the result is disposed of. The message is the
 * `TraceEvent` itself.
 */
export function publishTrace(): Subscription {
  const target = channel(TRACE_CHANNEL);
  return trace.subscribe((event) => {
    if (target.hasSubscribers) target.publish(event);
  });
}
