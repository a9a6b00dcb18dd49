package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A rank that differs or fails ends the call on every rank, with the reason. */
class ShardedFailureTest {

  private static final int RANKS = 3;
  private static final int COUNT = 10_000;
  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.01);

  private static HostParameter parameter(int count) {
    float[] weights = new float[count];
    Arrays.fill(weights, 1);
    float[] gradients = weights.clone();
    return Parameter.onHost("w", weights, gradients);
  }

  private static LambBuilder builder(Hyperparameters hyperparameters, int count) {
    return Lamb.onCpu().group("all", hyperparameters, parameter(count)).threads(1);
  }

  private static Lamb lamb(LocalCollective collective) {
    return builder(LAMB, COUNT).collective(collective).build();
  }

  /** What each rank's task throws; null for a rank without a failure. */
  private static List<Throwable> failures(ShardedRun.Task<?> task) throws Exception {
    return ShardedRun.onRanks(
            RANKS,
            collective -> {
              try {
                task.run(collective);
                return new Throwable[1];
              } catch (Exception e) {
                return new Throwable[] {e};
              }
            })
        .stream()
        .map(of -> of[0])
        .toList();
  }

  private static void assertEachSays(
      List<Throwable> failures, Class<? extends Throwable> type, String... said) {
    for (Throwable failure : failures) {
      assertInstanceOf(type, failure);
      for (String part : said) {
        assertTrue(failure.getMessage().contains(part), failure::getMessage);
      }
    }
  }

  private static void assertOptimizersDiffer(UnaryOperator<LambBuilder> other, String... said)
      throws Exception {
    assertEachSays(
        failures(
            collective -> {
              LambBuilder builder = builder(LAMB, COUNT);
              if (collective.rank() == 1) {
                builder = other.apply(builder);
              }
              return builder.collective(collective).build();
            }),
        IllegalArgumentException.class,
        said);
  }

  @Test
  void otherOptimizersShouldBeRefusedOnEveryRank() throws Exception {
    String remedy = "build the same optimizer on every rank";
    assertOptimizersDiffer(b -> b.maxGradNorm(2), "maxGradNorm 2.0", remedy);
    assertOptimizersDiffer(b -> b.microBatches(2), "microBatches 2", remedy);
    assertOptimizersDiffer(
        b -> builder(LAMB, 7), "parameter w: 7 weights of type F32", "10000 weights", remedy);
    assertOptimizersDiffer(
        b -> builder(LAMB.withWeightDecay(0.5), COUNT), "weightDecay 0.5", remedy);
    assertOptimizersDiffer(
        b -> b.group("more", LAMB, Parameter.onHost("b", new float[1], new float[1])),
        "group more",
        "nothing more",
        remedy);
  }

  @Test
  void anotherStepShouldBeRefusedOnEveryRankAndChangeNothing() throws Exception {
    List<Throwable> failures =
        failures(
            collective -> {
              HostParameter own = parameter(COUNT);
              Lamb lamb =
                  Lamb.onCpu().group("all", LAMB, own).threads(1).collective(collective).build();
              lamb.step();
              float[] before = own.weights().floats().array().clone();
              if (collective.rank() == 2) {
                lamb.setLearningRate("all", 0.5);
              }
              CollectiveException e = assertThrows(CollectiveException.class, lamb::step);
              assertArrayEquals(before, own.weights().floats().array());
              throw e;
            });
    assertEachSays(failures, CollectiveException.class, "other learning rates for step 2");
  }

  /** What a step throws, by rank, with a loss scale, divisor and norm in memory as given. */
  private static List<Throwable> failuresOfStep(float[]... scalarsByRank) throws Exception {
    return failures(
        collective -> {
          FloatBuffer own = FloatBuffer.wrap(new float[] {1, 1, 1});
          HostParameter parameter = parameter(COUNT);
          Lamb lamb =
              Lamb.onCpu()
                  .group("all", LAMB, parameter)
                  .lossScale(Scalar.onHost(own.slice(0, 1)))
                  .gradientDivisor(Scalar.onHost(own.slice(1, 1)))
                  .gradientNorm(Scalar.onHost(own.slice(2, 1)))
                  .threads(1)
                  .collective(collective)
                  .build();
          lamb.step();
          own.put(0, scalarsByRank[collective.rank()]);
          float[] before = parameter.weights().floats().array().clone();
          try {
            lamb.step();
          } catch (CollectiveException e) {
            assertArrayEquals(before, parameter.weights().floats().array());
            throw e;
          }
          return null;
        });
  }

  @ParameterizedTest
  @CsvSource({"0, lossScale, 1024.0", "1, gradientDivisor, 3.0", "2, gradientNorm, 5.0"})
  void scalarsInMemoryMustBeTheSame(int index, String name, String common) throws Exception {
    float[] scalars = {1024, 3, 5};
    assertEquals(Collections.nCopies(RANKS, null), failuresOfStep(scalars, scalars, scalars));
    float[] others = scalars.clone();
    others[index] = 2048;
    List<Throwable> failures = failuresOfStep(scalars, others, scalars);
    String said =
        "rank %d has %s %s for step 2, but this rank has %s; make the same calls with the same state, schedules and scalars on every rank";
    String ofOthers = said.formatted(1, name, "2048.0", common);
    assertEachSays(failures.subList(0, 1), CollectiveException.class, ofOthers);
    assertEachSays(failures.subList(2, 3), CollectiveException.class, ofOthers);
    assertEachSays(
        failures.subList(1, 2),
        CollectiveException.class,
        said.formatted(0, name, common, "2048.0"));
  }

  @Test
  void everyNanShouldCountAsTheSameScalar() throws Exception {
    float[] scalars = {1, 1, Float.intBitsToFloat(0xffc00001)};
    assertEquals(
        Collections.nCopies(RANKS, null),
        failuresOfStep(new float[] {1, 1, Float.NaN}, scalars, scalars));
  }

  @Test
  void frozenParametersMustBeTheSame() throws Exception {
    assertEachSays(
        failures(
            collective -> {
              Lamb lamb = lamb(collective);
              if (collective.rank() == 0) {
                lamb.freeze("w");
              }
              lamb.step();
              return null;
            }),
        CollectiveException.class,
        "frozen other parameters at step 1");
  }

  /** Before the first, the second and the third exchange of a step, and between steps. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void aRankThatDiesShouldEndTheOthers(int exchanges) throws Exception {
    List<Throwable> failures =
        failures(
            collective -> {
              HostCollective used =
                  collective.rank() == 1 ? new Dying(collective, exchanges) : collective;
              Lamb lamb = builder(LAMB, COUNT).collective(used).build();
              for (int i = 0; i < 3; i++) {
                lamb.step();
              }
              return null;
            });
    assertInstanceOf(IllegalStateException.class, failures.get(1));
    for (int rank : new int[] {0, 2}) {
      Throwable failure = failures.get(rank);
      while (!(failure instanceof CollectiveException) && failure.getCause() != null) {
        failure = failure.getCause();
      }
      assertInstanceOf(CollectiveException.class, failure);
      assertTrue(failure.getMessage().contains("rank 1"), failure.getMessage());
    }
  }

  /** Closes its rank after a number of exchanges, like the end of its process. */
  private static final class Dying implements HostCollective {

    private final HostCollective collective;
    private int left;

    Dying(HostCollective collective, int exchanges) {
      this.collective = collective;
      left = exchanges + 1; // the weights of rank 0, when the optimizer is built
    }

    private void live() {
      if (left-- == 0) {
        collective.close();
        throw new IllegalStateException("died");
      }
    }

    @Override
    public int rank() {
      return collective.rank();
    }

    @Override
    public int size() {
      return collective.size();
    }

    @Override
    public byte[][] exchange(byte[] mine) {
      return collective.exchange(mine);
    }

    @Override
    public void allGather(ByteBuffer send, ByteBuffer receive) {
      live();
      collective.allGather(send, receive);
    }

    @Override
    public void allToAll(ByteBuffer send, ByteBuffer receive) {
      live();
      collective.allToAll(send, receive);
    }

    @Override
    public void broadcast(ByteBuffer buffer, int root) {
      live();
      collective.broadcast(buffer, root);
    }

    @Override
    public void close() {
      collective.close();
    }
  }

  @Test
  void aStateThatCannotBeWrittenShouldFailOnEveryRank(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("missing").resolve("state");
    List<Throwable> failures =
        failures(
            collective -> {
              Lamb lamb = lamb(collective);
              lamb.step();
              try {
                lamb.save(file);
              } catch (Exception e) {
                lamb.step(); // the ranks are still together
                throw e;
              }
              return null;
            });
    assertEachSays(failures.subList(1, RANKS), IllegalStateException.class, "failed on rank 0");
    assertInstanceOf(IOException.class, failures.get(0));
  }

  @Test
  void aStateThatOneRankCannotReadShouldChangeNothing(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("state");
    List<Throwable> failures =
        failures(
            collective -> {
              Lamb lamb = lamb(collective);
              lamb.step();
              lamb.save(file);
              lamb.step();
              float[] before = moment(lamb);
              Exception e =
                  assertThrows(
                      Exception.class,
                      () -> lamb.load(collective.rank() == 2 ? folder.resolve("elsewhere") : file));
              assertArrayEquals(before, moment(lamb));
              assertEquals(2, lamb.stepCount());
              throw e;
            });
    assertEachSays(failures.subList(0, 2), IllegalStateException.class, "failed on rank 2");
    assertInstanceOf(IOException.class, failures.get(2));
  }

  private static float[] moment(Lamb lamb) {
    FloatBuffer values = FloatBuffer.allocate(COUNT);
    lamb.readState("w", StateArray.FIRST_MOMENT, 0, values);
    return values.array();
  }

  @Test
  void aStateShouldLoadOnAnyNumberOfRanks(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("state");
    ShardedRun.onRanks(
        4,
        collective -> {
          Lamb lamb = lamb(collective);
          lamb.step();
          lamb.save(file);
          return null;
        });
    float[] expected;
    try (Lamb single = builder(LAMB, COUNT).build()) {
      single.load(file);
      expected = moment(single);
    }
    assertFalse(Arrays.equals(new float[COUNT], expected));
    for (int ranks : new int[] {1, 2, 5}) {
      List<float[]> moments =
          ShardedRun.onRanks(
              ranks,
              collective -> {
                Lamb lamb = lamb(collective);
                lamb.load(file);
                return moment(lamb);
              });
      moments.forEach(values -> assertArrayEquals(expected, values));
    }
  }
}
