package io.github.lamb4j.tools.train;

/** Where classifiers are trained. */
public interface TrainingBackend extends AutoCloseable {

  /** The backend's name: {@code cpu} or {@code cuda}. */
  String name();

  /**
   * Creates a classifier with its initial weights.
   *
   * @param batchSize the maximum number of examples that are differentiated at once
   * @param seed determines the initial weights
   */
  Classifier classifier(ModelShape shape, int batchSize, long seed, Examples.Split data);

  @Override
  void close();
}
