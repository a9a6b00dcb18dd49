package io.github.lamb4j.tools.progress;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Draws a bar per task on standard error, for a terminal. */
public final class BarProgress implements Progress {

  private ProgressBar bar;

  @Override
  public void begin(String task, long steps) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .build();
  }

  @Override
  public void step(String status) {
    bar.step();
    bar.setExtraMessage(status);
  }

  @Override
  public void end() {
    bar.close();
  }
}
