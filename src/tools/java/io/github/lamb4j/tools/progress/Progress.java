package io.github.lamb4j.tools.progress;

import java.io.Console;
import java.io.PrintWriter;

/** Receives the progress of a long task. */
public interface Progress {

  /** Ignores everything. */
  Progress SILENT = new Progress() {};

  /** A bar if this process has a terminal; otherwise lines on {@code log}. */
  static Progress of(PrintWriter log) {
    return Terminal.isTerminal(Console.class, System.console())
        ? new BarProgress()
        : new PlainProgress(log);
  }

  /** A task of {@code steps} steps begins. */
  default void begin(String task, long steps) {}

  /** A step is done; {@code status} summarizes the task in a few words. */
  default void step(String status) {}

  /** Something worth a line in a log. */
  default void note(String line) {}

  /** The task has ended, successfully or not. */
  default void end() {}
}
