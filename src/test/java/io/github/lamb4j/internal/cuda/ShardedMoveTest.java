package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.sharding.ShardedRun;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks whose arrays move between steps give the bits of one rank whose arrays stay. */
@Tag("gpu")
@Tag("kernels")
class ShardedMoveTest {

  private static final int STEPS = 3;

  private static MixedModel model(Side side) {
    return new MixedModel(side, 9)
        .group("lamb", Hyperparameters.lamb(0.01), 2049, 5, 6145, 7, 2048);
  }

  private static void fill(MixedModel model, int step, int batch) {
    for (Tensor t : model.tensors) {
      Random random = new Random(t.name().hashCode() * 31L + 1000 * step + batch);
      float[] gradients = new float[t.weights().count];
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = (float) random.nextGaussian();
      }
      t.gradients().put(gradients);
    }
  }

  /** Moves to the arrays of another model, and makes the old ones useless. */
  private static void move(Lamb lamb, MixedModel from, MixedModel to) {
    for (int i = 0; i < to.tensors.size(); i++) {
      move(from.tensors.get(i).weights(), to.tensors.get(i).weights());
      move(from.tensors.get(i).modelCopy(), to.tensors.get(i).modelCopy());
      from.tensors.get(i).gradients().put(new float[to.tensors.get(i).gradients().count]);
    }
    lamb.move(to.tensors.stream().map(Tensor::parameter).toArray(Parameter[]::new));
  }

  private static void move(TestArray from, TestArray to) {
    if (from != null) {
      to.put(from.values());
      from.put(new float[from.count]);
    }
  }

  private static void step(MixedModel model, Lamb lamb, int step, int rank, int perRank) {
    for (int i = 0; i < perRank; i++) {
      fill(model, step, rank * perRank + i);
      if (perRank > 1) {
        lamb.addMicroBatch();
      }
    }
    lamb.step();
  }

  /** The last bits, without those of the gradients, which are the ranks' own. */
  private static String bits(MixedModel model, Lamb lamb) {
    return model.bits(lamb).replaceAll(" g [0-9a-f]+", "");
  }

  private static String staying(int batches) {
    MixedModel model = model(Side.cpu());
    try (Lamb lamb = model.builder().microBatches(batches).build()) {
      for (int step = 0; step < STEPS; step++) {
        step(model, lamb, step, 0, batches);
      }
      return bits(model, lamb);
    }
  }

  @ParameterizedTest(name = "{0} ranks, {1} micro-batches each, on CUDA: {2}")
  @CsvSource({
    "2, 2, false",
    "2, 2, true",
    "2, 1, false",
    "2, 1, true",
    "1, 2, false",
    "1, 2, true"
  })
  void shouldContinueWithTheNewArrays(int ranks, int perRank, boolean cuda) throws Exception {
    List<String> all =
        ShardedRun.onRanks(
            ranks,
            collective -> {
              try (TestDevice device = TestDevice.open()) {
                Side side = cuda ? Side.cuda(device, StepPath.AUTO) : Side.cpu();
                MixedModel model = model(side);
                MixedModel other = model(side);
                try (Lamb lamb =
                    model.builder().microBatches(perRank).collective(collective).build()) {
                  step(model, lamb, 0, collective.rank(), perRank);
                  move(lamb, model, other);
                  for (int step = 1; step < STEPS; step++) {
                    step(other, lamb, step, collective.rank(), perRank);
                  }
                  return bits(other, lamb);
                }
              }
            });
    String expected = staying(ranks * perRank);
    for (String bits : all) {
      assertEquals(expected, bits);
    }
  }
}
