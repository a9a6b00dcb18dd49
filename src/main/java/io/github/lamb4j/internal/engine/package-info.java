/**
 * The optimizer behind the public API: model validation, step counts, reports, telemetry and state
 * files. Internal; the public API is {@link io.github.lamb4j}.
 */
package io.github.lamb4j.internal.engine;
