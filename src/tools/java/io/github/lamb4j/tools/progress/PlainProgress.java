package io.github.lamb4j.tools.progress;

import java.io.PrintWriter;

/** Writes notes as lines, for a log. */
public final class PlainProgress implements Progress {

  private final PrintWriter out;
  private String task;

  /** Prints to {@code out} and flushes it after each line. */
  public PlainProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void begin(String task, long steps) {
    this.task = task;
  }

  @Override
  public void note(String line) {
    out.println(task + ", " + line);
    out.flush();
  }
}
