package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Splitting parameters into groups by name. */
class NameRuleTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.01);

  private static List<Parameter> parameters(String... names) {
    List<Parameter> parameters = new ArrayList<>();
    for (String name : names) {
      parameters.add(Parameter.onHost(name, new float[] {2}, new float[] {1}));
    }
    return parameters;
  }

  private static Map<String, List<String>> names(List<ParameterGroup> groups) {
    return groups.stream()
        .collect(
            Collectors.toMap(
                ParameterGroup::name, g -> g.parameters().stream().map(Parameter::name).toList()));
  }

  @Test
  void shouldCreateGroupForEachCombination() {
    List<ParameterGroup> groups =
        ParameterGroup.split(
            "model",
            LAMB,
            parameters("a.bias", "a.weight", "norm.weight", "norm.bias", "b.bias", "head"),
            NameRule.noDecay("bias"),
            NameRule.noAdaptation("norm|head"));
    assertEquals(
        List.of(
            "model, no decay", "model", "model, no adaptation", "model, no decay, no adaptation"),
        groups.stream().map(ParameterGroup::name).toList());
    assertEquals(
        Map.of(
            "model", List.of("a.weight"),
            "model, no decay", List.of("a.bias", "b.bias"),
            "model, no adaptation", List.of("norm.weight", "head"),
            "model, no decay, no adaptation", List.of("norm.bias")),
        names(groups));
    Hyperparameters noDecay = LAMB.withWeightDecay(0);
    assertEquals(
        List.of(
            noDecay,
            LAMB,
            LAMB.withLayerAdaptation(LayerAdaptation.NEVER),
            noDecay.withLayerAdaptation(LayerAdaptation.NEVER)),
        groups.stream().map(ParameterGroup::hyperparameters).toList());
  }

  @Test
  void shouldCombineRulesInAnyOrder() {
    List<Parameter> parameters = parameters("w", "bias", "LayerNorm");
    Map<String, List<String>> expected =
        Map.of("g", List.of("w"), "g, no decay", List.of("bias", "LayerNorm"));
    NameRule first = NameRule.noDecay("^bias$");
    NameRule second = NameRule.noDecay("Norm");
    assertEquals(expected, names(ParameterGroup.split("g", LAMB, parameters, first, second)));
    assertEquals(expected, names(ParameterGroup.split("g", LAMB, parameters, second, first)));
  }

  @Test
  void shouldCreateOneGroupWhenRulesHaveNoEffect() {
    List<Parameter> parameters = parameters("w", "bias");
    assertEquals(
        List.of(new ParameterGroup("g", LAMB, parameters)),
        ParameterGroup.split("g", LAMB, parameters));
    Hyperparameters none = LAMB.withWeightDecay(0).withLayerAdaptation(LayerAdaptation.NEVER);
    assertEquals(
        List.of(new ParameterGroup("g", none, parameters)),
        ParameterGroup.split(
            "g", none, parameters, NameRule.noDecay("bias"), NameRule.noAdaptation("w")));
  }

  @Test
  void shouldCoupleAdaptationToDecayWhenBaseDoes() {
    Hyperparameters apex = Preset.APEX.hyperparameters(0.01);
    List<ParameterGroup> groups =
        ParameterGroup.split("g", apex, parameters("w", "bias"), NameRule.noDecay("bias"));
    assertTrue(groups.get(0).hyperparameters().isAdapted());
    assertFalse(groups.get(1).hyperparameters().isAdapted());
  }

  @Test
  void shouldAddSplitGroupsInBuilder() {
    List<Parameter> parameters = parameters("w", "bias");
    try (Lamb lamb =
        Lamb.onCpu()
            .groups(
                "model", LAMB, parameters, NameRule.noDecay("bias"), NameRule.noAdaptation("bias"))
            .build()) {
      lamb.step();
      assertEquals(2, lamb.groups().size());
      assertEquals(1, lamb.layerStats().get(1).trustRatio());
      assertEquals(2 * (1 - 0.01), weight(parameters.get(0)), 1e-6);
      assertEquals(2 - 0.01, weight(parameters.get(1)), 1e-6);
    }
  }

  private static float weight(Parameter parameter) {
    return ((HostParameter) parameter).weights().floats().get(0);
  }

  @Test
  void shouldRejectRuleWithoutMatch() {
    assertRefused(
        () ->
            ParameterGroup.split(
                "model",
                LAMB,
                parameters("a.weight", "a.bias"),
                NameRule.noDecay("bias"),
                NameRule.noAdaptation("biass")),
        "group model",
        "no adaptation \"biass\"",
        "2 parameters",
        "a.weight",
        "correct the expression or remove the rule");
  }

  @Test
  void shouldAddNothingWhenRuleIsRejected() {
    LambBuilder builder = Lamb.onCpu();
    assertRefused(
        () -> builder.groups("g", LAMB, parameters("w", "v"), NameRule.noDecay("x")), "\"x\"");
    assertRefused(builder::build, "no parameter group");
  }

  @Test
  void shouldRejectInvalidRegularExpression() {
    assertRefused(() -> NameRule.noDecay("bias("), "no decay \"bias(\"", "not a regular", "quote");
    assertRefused(() -> NameRule.noAdaptation(null), "no adaptation", "null");
    String endless = "a".repeat(1_000_000);
    assertRefused(
        () -> ParameterGroup.split("g", LAMB, parameters(endless), NameRule.noDecay("(a|b)*c")),
        "no decay \"(a|b)*c\"",
        "overflows the stack");
  }

  @Test
  void shouldRejectExpressionThatMatchesEmptyString() {
    for (String regex : List.of("", "bias|", ".*", "^", "(Norm)?")) {
      assertRefused(
          () -> NameRule.noDecay(regex), "no decay \"" + regex + "\"", "the empty string", "\".\"");
      assertRefused(() -> NameRule.noAdaptation(regex), "no adaptation", "the empty string");
      assertRefused(() -> NameRule.frozen(regex), "frozen", "the empty string");
    }
  }

  @Test
  void shouldLeaveOutFrozenParameters() {
    List<Parameter> parameters = parameters("body.w", "body.bias", "head.w", "head.bias");
    assertEquals(
        Map.of("g", List.of("head.w"), "g, no decay", List.of("head.bias")),
        names(
            ParameterGroup.split(
                "g", LAMB, parameters, NameRule.noDecay("bias"), NameRule.frozen("^body"))));
    assertRefused(
        () -> ParameterGroup.split("g", LAMB, parameters, NameRule.frozen("w|bias")),
        "group g: its rules freeze all parameters",
        "leave one");
    assertRefused(
        () -> ParameterGroup.split("g", LAMB, parameters, NameRule.frozen("tail")),
        "frozen \"tail\"");
  }

  @Test
  void shouldRejectNullAndEmptyList() {
    NameRule rule = NameRule.noDecay("w");
    assertRefused(() -> ParameterGroup.split("g", LAMB, parameters(), rule), "group g", "at least");
    assertRefused(() -> ParameterGroup.split("g", LAMB, null, rule), "group g", "at least one");
    assertRefused(() -> ParameterGroup.split("g", null, parameters("w"), rule), "hyperparameters");
    assertRefused(() -> ParameterGroup.split(null, LAMB, parameters("w"), rule), "group name");
    assertRefused(
        () -> ParameterGroup.split("g", LAMB, parameters("w"), rule, null), "group g", "null");
    assertRefused(
        () -> ParameterGroup.split("g", LAMB, parameters("w"), (NameRule[]) null), "rules", "null");
  }
}
