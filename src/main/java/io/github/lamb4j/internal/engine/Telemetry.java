package io.github.lamb4j.internal.engine;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Emits JFR events for each reported step, once, and at most one log line per second. */
final class Telemetry {

  private static final Logger LOG = LoggerFactory.getLogger("io.github.lamb4j.Lamb");
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanoTime;
  private long step;
  private long skipped;
  private boolean hasLogged;
  private long loggedAt;

  /** Starts before the first step, with a clock such as {@link System#nanoTime}. */
  Telemetry(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Sets the step counts that are already reported. */
  void begin(long step, long skipped) {
    this.step = step;
    this.skipped = skipped;
  }

  /**
   * Records a report that was just filled, unless no step was taken or skipped since the last one.
   */
  void reported(ReportData report) {
    if (report.step() == step && report.skippedSteps() == skipped) {
      return;
    }
    StepEvent.emit(report);
    if (report.step() != step) { // a skipped step has no new norms
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
      // Formatted now, because an asynchronous logger would see later contents of the report.
      LOG.debug(report.toString());
    }
  }
}
