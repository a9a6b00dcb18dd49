package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.SaveOption;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.GradientOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** Writes the state of an optimizer, and opens one that fits it, on all ranks or on none. */
final class Checkpoints {

  private final Model model;
  private final Backend backend;
  private final GradientOptions gradients;
  private final Peers peers;

  Checkpoints(Model model, Backend backend, GradientOptions gradients, Peers peers) {
    this.model = model;
    this.backend = backend;
    this.gradients = gradients;
    this.peers = peers;
  }

  /** Writes a file, whose elements the source provides. */
  void save(Path file, StepCounts counts, StateFile.Source source, SaveOption... options)
      throws IOException {
    Map<String, String> checksums =
        Arrays.asList(options).contains(SaveOption.WEIGHT_CHECKSUM)
            ? new WeightChecksums(model, backend).ofAll()
            : Map.of();
    SharedSave.run(
        peers,
        StateFile.tensors(model.groups, parameter -> List.of(parameter.count()), source),
        tensors ->
            SafetensorsWriter.write(
                file,
                StateMetadata.of(
                    model.groups, gradients.maxNorm(), gradients.nonFinite(), counts, checksums),
                tensors));
  }

  /**
   * Opens a file that fits the optimizer.
   *
   * @param rates the learning rates of this optimizer, to compare with those of the last steps
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it does not fit
   * @throws IllegalStateException if it fits on this rank but not on another one
   */
  StateFile open(Path file, StateFit.RateLookup rates, LoadOption... accepted) throws IOException {
    AtomicReference<StateFile> opened = new AtomicReference<>();
    try {
      peers.together(
          "load",
          () -> {
            opened.set(StateFile.open(file));
            requireFit(opened.get(), rates, accepted);
          });
      return opened.get();
    } catch (Throwable refusal) {
      if (opened.get() != null) {
        opened.get().close();
      }
      throw refusal;
    }
  }

  private void requireFit(StateFile state, StateFit.RateLookup rates, LoadOption... accepted)
      throws IOException {
    state.requireFit(model.groups, gradients.maxNorm(), gradients.nonFinite(), rates, accepted);
    if (!Arrays.asList(accepted).contains(LoadOption.OTHER_WEIGHTS)) {
      state.fit().requireWeights(new WeightChecksums(model, backend));
    }
  }
}
