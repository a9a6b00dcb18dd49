package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.TensorArray;
import io.github.lamb4j.sharding.Collective;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.Ranks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The other ranks, if the optimizer is sharded: all must do the same, and fail together. */
final class Peers {

  /** Part of a call that can fail on one rank alone. */
  interface Attempt<E extends Exception> {
    void run() throws E;
  }

  private final Optional<Collective> collective;
  private final Optional<StepAgreement> agreement;

  Peers(BackendSettings settings) {
    collective = settings.collective().filter(given -> given.size() > 1);
    agreement =
        collective
            .filter(HostCollective.class::isInstance)
            .map(HostCollective.class::cast)
            .map(host -> new StepAgreement(host, settings.gradients()));
  }

  /** Whether this is the only rank. */
  boolean isAlone() {
    return collective.isEmpty();
  }

  /** Whether this rank writes files: it is the first, or the only one. */
  boolean isFirst() {
    return collective.isEmpty() || collective.get().rank() == 0;
  }

  /** Checks that all ranks are about to take the same step. */
  void requireSameStep(long step, double[] learningRates, Set<String> frozen) {
    if (agreement.isPresent()) { // a lambda would be allocated
      agreement.get().require(step, learningRates, frozen);
    }
  }

  /**
   * Checks that all ranks have taken the same steps, if that was not checked in each of them: a
   * step on a device does not wait for other ranks.
   */
  void requireSameProgress(long step, double[] lastRates) {
    if (isAlone() || agreement.isPresent()) {
      return;
    }
    Ranks ranks = collective.get();
    String mine = "step %d, learning rates %s".formatted(step, Arrays.toString(lastRates));
    byte[][] all = ranks.exchange(mine.getBytes(StandardCharsets.UTF_8));
    for (int rank = 0; rank < all.length; rank++) {
      String other = new String(all[rank], StandardCharsets.UTF_8);
      if (!other.equals(mine)) {
        throw new IllegalStateException(
            "save: rank %d is at %s, but this rank, %d, is at %s; resume all ranks from an earlier state"
                .formatted(rank, other, ranks.rank(), mine));
      }
    }
  }

  /**
   * Checks that all ranks have the same optimizer.
   *
   * @throws IllegalArgumentException on every rank if one differs; the message names what differs
   */
  void requireSameOptimizer(List<ParameterGroup> groups, BackendSettings settings) {
    if (isAlone()) {
      return;
    }
    Ranks ranks = collective.get();
    List<String> mine = describe(groups, settings);
    byte[][] all = ranks.exchange(String.join("\n", mine).getBytes(StandardCharsets.UTF_8));
    for (int rank = 0; rank < all.length; rank++) {
      List<String> other = new String(all[rank], StandardCharsets.UTF_8).lines().toList();
      for (int i = 0; i < Math.max(mine.size(), other.size()); i++) {
        String here = i < mine.size() ? mine.get(i) : "nothing more";
        String there = i < other.size() ? other.get(i) : "nothing more";
        if (!here.equals(there)) {
          throw new IllegalArgumentException(
              "rank %d has %s, but this rank, %d, has %s; build the same optimizer on every rank"
                  .formatted(rank, there, ranks.rank(), here));
        }
      }
    }
  }

  private static List<String> describe(List<ParameterGroup> groups, BackendSettings settings) {
    GradientOptions options = settings.gradients();
    List<String> lines = new ArrayList<>();
    lines.add("maxGradNorm " + StateMetadata.text(options.maxNorm()));
    lines.add("nonFiniteGradients " + options.nonFinite());
    lines.add("a given gradient norm: " + options.norm().isPresent());
    lines.add("lossScale " + text(options.lossScale()));
    lines.add("gradientDivisor " + text(options.divisor()));
    lines.add("reportedNorms " + settings.norms());
    lines.add("microBatches " + settings.microBatches());
    for (ParameterGroup group : groups) {
      String name = "group " + oneLine(group.name());
      lines.add(name);
      group.parameters().forEach(p -> lines.add(name + ", " + describe(p)));
      Hyperparameters h = group.hyperparameters();
      h.values().forEach((label, value) -> lines.add(name + ", " + label + " " + value));
    }
    return lines;
  }

  private static String describe(Parameter parameter) {
    if (parameter instanceof HostParameter p) {
      return describe(p, p.weights(), p.modelCopy());
    }
    DeviceParameter p = (DeviceParameter) parameter;
    return describe(p, p.weights(), p.modelCopy());
  }

  private static String describe(
      Parameter parameter, TensorArray weights, Optional<? extends TensorArray> copy) {
    String ofCopy =
        copy.map(array -> "a model copy of type " + array.type()).orElse("no model copy");
    return "parameter %s: %d weights of type %s, %s"
        .formatted(oneLine(parameter.name()), parameter.count(), weights.type(), ofCopy);
  }

  private static String oneLine(String name) {
    return name.replaceAll("\\R", " ");
  }

  private static String text(Scalar scalar) {
    return scalar instanceof Scalar.Constant constant
        ? String.valueOf(constant.value())
        : "in memory";
  }

  /**
   * Runs this rank's part of a call, and fails if it fails on any rank.
   *
   * @throws IllegalStateException if another rank failed; the message has its reason
   */
  <E extends Exception> void together(String call, Attempt<E> own) throws E {
    if (isAlone()) {
      own.run();
      return;
    }
    Ranks ranks = collective.get();
    boolean answered = false;
    try {
      own.run();
      answered = true;
      byte[][] failures = ranks.exchange(new byte[0]);
      requireNone(call, failures);
    } catch (CollectiveException e) {
      throw e;
    } catch (Throwable e) { // also errors: the other ranks are waiting for an answer
      if (!answered) {
        tell(ranks, e);
      }
      throw e;
    }
  }

  private static void tell(Ranks ranks, Throwable failure) {
    String message = failure.getMessage();
    String reason = message == null || message.isEmpty() ? failure.toString() : message;
    try {
      ranks.exchange(reason.getBytes(StandardCharsets.UTF_8));
    } catch (RuntimeException | Error e) {
      failure.addSuppressed(e);
    }
  }

  private static void requireNone(String call, byte[][] failures) {
    for (int rank = 0; rank < failures.length; rank++) {
      if (failures[rank].length > 0) {
        throw new IllegalStateException(
            "%s: failed on rank %d: %s"
                .formatted(call, rank, new String(failures[rank], StandardCharsets.UTF_8)));
      }
    }
  }
}
