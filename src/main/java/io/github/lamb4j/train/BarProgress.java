package io.github.lamb4j.train;

import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar per run on standard error, for a terminal. */
public final class BarProgress implements Progress {

  private ProgressBar bar;

  @Override
  public void begin(Contender contender, int batchSize, long steps) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(contender.label() + ", batch " + batchSize)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .build();
  }

  @Override
  public void step(double loss) {
    bar.step();
    bar.setExtraMessage(String.format(Locale.ROOT, "loss %.3f", loss));
  }

  @Override
  public void end() {
    bar.close();
  }
}
