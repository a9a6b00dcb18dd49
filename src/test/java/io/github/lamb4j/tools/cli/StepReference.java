package io.github.lamb4j.tools.cli;

import io.github.lamb4j.ReferenceLamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Runs {@link ReferenceLamb} on named tensors with the hyperparameters that options of {@code lamb
 * step} give them.
 */
final class StepReference {

  /** The tensors by name, once a step was taken. */
  final Map<String, ReferenceLamb.Tensor> tensors = new LinkedHashMap<>();

  /** Of all tensors; the learning rate is given to each step. */
  Hyperparameters hyperparameters = Hyperparameters.lamb(0);

  Predicate<String> undecayed = name -> false;
  Predicate<String> unadapted = name -> false;
  double gradScale = 1;
  double maxGradNorm = Double.POSITIVE_INFINITY;

  private final ReferenceLamb lamb = new ReferenceLamb();
  private final Map<String, float[]> initial;
  private double learningRate;

  StepReference(Map<String, float[]> weights) {
    initial = weights;
  }

  void step(Map<String, float[]> gradients, double rate) {
    learningRate = rate;
    if (tensors.isEmpty()) {
      lamb.lossScale(gradScale);
      lamb.clip(maxGradNorm);
      initial.forEach((name, w) -> tensors.put(name, lamb.add(hyperparametersOf(name), w)));
    }
    List<float[]> inOrder = new ArrayList<>();
    tensors.keySet().forEach(name -> inOrder.add(gradients.get(name)));
    lamb.step(inOrder);
  }

  private Hyperparameters hyperparametersOf(String name) {
    Hyperparameters h = hyperparameters.withLearningRate(step -> learningRate);
    h = undecayed.test(name) ? h.withWeightDecay(0) : h;
    return unadapted.test(name) ? h.withLayerAdaptation(LayerAdaptation.NEVER) : h;
  }
}
