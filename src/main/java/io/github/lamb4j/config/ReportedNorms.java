package io.github.lamb4j.config;

/**
 * The parameters whose weight and update norms a report contains. The choice affects neither
 * weights nor state.
 */
public enum ReportedNorms {
  /** All parameters. */
  ALL,
  /**
   * Only parameters with layer adaptation, whose trust ratio requires the norms. Steps of other
   * groups then sum no squares, which makes them cheaper, and their norms are reported as NaN.
   */
  ADAPTED;

  /**
   * {@return whether a report contains the norms of a group's parameters}
   *
   * @param hyperparameters the group's hyperparameters
   */
  public boolean include(Hyperparameters hyperparameters) {
    return this == ALL || hyperparameters.isAdapted();
  }
}
