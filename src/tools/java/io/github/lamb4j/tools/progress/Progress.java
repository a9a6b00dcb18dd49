package io.github.lamb4j.tools.progress;

import java.io.PrintWriter;

/** Hears how a long task goes. */
public interface Progress {

  /** Says nothing to anyone. */
  Progress SILENT = new Progress() {};

  /** A bar if this process has a terminal, else lines on {@code log}. */
  static Progress of(PrintWriter log) {
    return System.console() == null ? new PlainProgress(log) : new BarProgress();
  }

  /** A task of so many steps begins. */
  default void begin(String task, long steps) {}

  /** A step was taken; {@code status} is where the task now is, in a few words. */
  default void step(String status) {}

  /** Something worth a line in a log. */
  default void note(String line) {}

  /** The task ended, well or not. */
  default void end() {}
}
