package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {

  private static ModelShapes model(String name) {
    return Models.named(name).orElseThrow();
  }

  // The parameter counts are those that the models' implementations report.
  @ParameterizedTest
  @CsvSource({
    "bert-large, 335141888, 391, 243",
    "bert-base, 109482240, 199, 123",
    "resnet-50, 25557032, 161, 107",
    "gpt2-xl, 1557611200, 580, 386",
    "llama-7b, 6738415616, 291, 65",
  })
  void shouldHaveThePublishedParameterCounts(
      String name, long parameters, int tensors, int exempt) {
    ModelShapes model = model(name);
    assertEquals(name, model.name());
    assertEquals(parameters, model.parameters());
    assertEquals(tensors, model.tensors().size());
    assertEquals(exempt, model.tensors().stream().filter(t -> !t.decay()).count());
    assertEquals(tensors, model.tensors().stream().map(TensorShape::name).distinct().count());
  }

  @Test
  void shouldHaveBertLargesTensors() {
    Map<Long, Long> sizes =
        model("bert-large").tensors().stream()
            .collect(
                Collectors.groupingBy(TensorShape::count, TreeMap::new, Collectors.counting()));
    assertEquals(
        Map.of(
            31_254_528L,
            1L,
            4_194_304L,
            48L,
            1_048_576L,
            97L,
            524_288L,
            1L,
            4096L,
            24L,
            2048L,
            1L,
            1024L,
            219L),
        sizes);
  }

  @Test
  void shouldExemptOnlyBiasesAndNorms() {
    for (String name : Models.names()) {
      for (TensorShape tensor : model(name).tensors()) {
        assertEquals(tensor.shape().size() > 1, tensor.decay(), tensor.name());
        assertEquals(tensor.decay(), tensor.adapt(), tensor.name());
      }
    }
  }

  @Test
  void shouldHaveTheShapesOfResNet50() {
    Map<String, List<Long>> shapes =
        model("resnet-50").tensors().stream()
            .collect(Collectors.toMap(TensorShape::name, TensorShape::shape));
    assertEquals(List.of(64L, 3L, 7L, 7L), shapes.get("conv1.weight"));
    assertEquals(List.of(512L, 512L, 3L, 3L), shapes.get("layer4.2.conv2.weight"));
    assertEquals(List.of(2048L, 1024L, 1L, 1L), shapes.get("layer4.0.downsample.0.weight"));
    assertEquals(List.of(1000L, 2048L), shapes.get("fc.weight"));
  }

  @Test
  void shouldGroupByKind() {
    var groups = model("bert-base").kinds();
    assertEquals(2, groups.size());
    assertTrue(groups.keySet().stream().allMatch(kind -> kind.decay() == kind.adapt()));
  }
}
