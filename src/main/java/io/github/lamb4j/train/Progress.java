package io.github.lamb4j.train;

/** Hears how training goes. */
public interface Progress {

  /** Says nothing to anyone. */
  Progress SILENT = new Progress() {};

  /** A run begins. */
  default void begin(Contender contender, int batchSize, long steps) {}

  /** A step was taken; {@code loss} is the mean of its batch. */
  default void step(double loss) {}

  /** An epoch ended. */
  default void epoch(TrainingRun.Epoch epoch) {}

  /** The run ended, well or not. */
  default void end() {}
}
