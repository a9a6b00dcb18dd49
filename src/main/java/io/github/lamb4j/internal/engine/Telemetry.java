package io.github.lamb4j.internal.engine;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells JFR of each step that is reported, once, and the log of at most one a second. */
final class Telemetry {

  private static final Logger LOG = LoggerFactory.getLogger("io.github.lamb4j.Lamb");
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanoTime;
  private long step;
  private long skipped;
  private boolean hasLogged;
  private long loggedAt;

  /** Begins before the first step, with a clock like {@link System#nanoTime}. */
  Telemetry(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** The next step is the one after so many, of which there is nothing to tell. */
  void begin(long step, long skipped) {
    this.step = step;
    this.skipped = skipped;
  }

  /** Tells of a report just filled, unless there was no step since the last one. */
  void reported(ReportData report) {
    if (report.step() == step && report.skippedSteps() == skipped) {
      return;
    }
    StepEvent.emit(report);
    if (report.step() != step) { // not skipped: there are new norms
      LayerEvent.emit(report);
    }
    begin(report.step(), report.skippedSteps());
    if (LOG.isDebugEnabled()) {
      log(report);
    }
  }

  private void log(ReportData report) {
    long now = nanoTime.getAsLong();
    if (!hasLogged || now - loggedAt >= INTERVAL) {
      hasLogged = true;
      loggedAt = now;
      // Made now: a log that formats later would find what the report holds by then.
      LOG.debug(report.toString());
    }
  }
}
