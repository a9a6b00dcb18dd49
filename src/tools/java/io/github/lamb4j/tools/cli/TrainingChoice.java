package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.tools.train.CpuTraining;
import io.github.lamb4j.tools.train.DataParallel;
import io.github.lamb4j.tools.train.TrainingBackend;
import io.github.lamb4j.tools.train.cuda.CudaTraining;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where {@code lamb train} runs.
 *
 * @param backend the open backend
 * @param reason why it was chosen, in one line
 */
record TrainingChoice(TrainingBackend backend, String reason) implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingChoice.class);

  private static final String REMEDY = "use --backend cpu to train on the CPU";

  /**
   * Opens the requested backend.
   *
   * @param threads of the CPU backend
   * @param parallel the ranks and micro-batches, of which CUDA supports only one
   * @throws BadInput if CUDA is requested for more
   * @throws IllegalStateException if a requested backend is not available
   */
  static TrainingChoice of(BackendOption option, int threads, DataParallel parallel) {
    BackendChoice choice = option.choice(REMEDY);
    if (!choice.backend().equals("cuda")) {
      return new TrainingChoice(new CpuTraining(threads), choice.reason());
    }
    if (!parallel.isSingle()) {
      if (!option.isAuto()) {
        throw new BadInput(
            "--backend cuda: takes a batch whole, in one process; use --backend cpu");
      }
      return new TrainingChoice(
          new CpuTraining(threads), "CUDA takes a batch whole, in one process");
    }
    try {
      CudaTraining cuda = new CudaTraining();
      return new TrainingChoice(cuda, choice.reason() + ", cuBLAS " + cuda.cublasVersion());
    } catch (IllegalStateException e) {
      if (!option.isAuto()) {
        throw new IllegalStateException(e.getMessage() + "; or " + REMEDY, e);
      }
      LOG.warn("training on the CPU: {}", e.getMessage());
      return new TrainingChoice(new CpuTraining(threads), e.getMessage());
    }
  }

  /** The backend and the reason, in one line. */
  String describe() {
    return backend.name().toUpperCase(Locale.ROOT) + ": " + reason;
  }

  @Override
  public void close() {
    backend.close();
  }
}
