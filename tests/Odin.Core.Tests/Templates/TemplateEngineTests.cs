using System.Text.Json.Nodes;
using Odin.Templates;

namespace Odin.Tests.Templates;

public sealed class TemplateEngineTests
{
    private const string Context = """
        {"name": "wine", "n": 3, "x": 1.5, "yes": true, "nothing": null, "list": ["b", "a", 2], "words": ["pear", "Apple"], "map": {"k": "v", "in": {"deep": [10, 20]}},
         "tasks": [{"name": "one", "gpu": 1}, {"name": "two", "gpu": 0}]}
        """;

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("line\n", "line")]
    [InlineData("{{ name }}-{{n}}", "wine-3")]
    [InlineData("{{ nope }}|{{ nope | default('d') }}|{{ nope|d(1) }}|{{ ''|default('e', true) }}", "|d|1|e")]
    [InlineData("{{ map.k }}{{ map['k'] }}{{ map.in.deep[1] }}{{ map.in.deep[-1] }}{{ map.nope }}", "vv2020")]
    [InlineData("{{ list.0 }}{{ name[0] }}{{ name[1:3] }}{{ list[1:] }}", "bwin['a', 2]")]
    [InlineData("{{ true }} {{ False }} {{ none }} {{ nothing }}", "True False None None")]
    [InlineData("{{ list }} {{ map }} {{ [1.0, 'it\\'s', none] }}", "['b', 'a', 2] {'k': 'v', 'in': {'deep': [10, 20]}} [1.0, \"it's\", None]")]
    [InlineData("{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 + 3 * 4 }} {{ (2 + 3) * 4 }} {{ 6 / 2 }}", "3.5 3 -4 2 14 20 3.0")]
    [InlineData("{{ 'a' ~ 1 ~ none }} {{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ [1] + [2] }}", "a1None ab ababab [1, 2]")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 1 == 1.0 }} {{ 'a' in 'cat' }} {{ 'z' not in list }} {{ 'k' in map }} {{ [1, 2] == [1, 2] }}", "True True True True True True")]
    [InlineData("{{ not yes }} {{ n and 'and' }} {{ 0 or 'or' }} {{ 'a' if yes else 'b' }} {{ 'a' if not yes }}", "False and or a ")]
    [InlineData("{{ n is defined }} {{ q is undefined }} {{ nothing is none }} {{ n is number }} {{ name is not string }}", "True True True True False")]
    [InlineData("{{ name | upper | lower }} {{ list | join('-') }} {{ 'a-b-a' | replace('a', 'x') }} {{ '  t ' | trim }} {{ list | length }}", "wine b-a-2 x-b-x t 3")]
    [InlineData("{{ '5' | int + 1 }} {{ 'x' | int(7) }} {{ '2.9' | int }} {{ 3 | float }} {{ words | sort }} {{ words | first }} {{ words | last }} {{ 'ab' | list }}", "6 7 2 3.0 ['Apple', 'pear'] pear Apple ['a', 'b']")]
    [InlineData("{{ map | tojson }} {{ [true, none, 1.5, 'é\"'] | tojson }}", "{\"in\": {\"deep\": [10, 20]}, \"k\": \"v\"} [true, null, 1.5, \"é\\\"\"]")]
    [InlineData("{% if n > 5 %}big{% elif n > 2 %}mid{% else %}small{% endif %}", "mid")]
    [InlineData("{% for t in tasks %}{{ loop.index }}{{ t.name }}{% if not loop.last %},{% endif %}{% endfor %}", "1one,2two")]
    [InlineData("{% for t in tasks if t.gpu %}{{ t.name }}{{ loop.length }}{% else %}none{% endfor %}{% for t in [] %}x{% else %}empty{% endfor %}", "one1empty")]
    [InlineData("{% for k, v in map.items() %}{{ k }};{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{% for k in map %}{{ k }}{% endfor %}{% for q in nope %}x{% endfor %}", "k;in;012kin")]
    [InlineData("{% set a = 5 %}{% set b, c = [1, 2] %}{{ a + b + c }}{% set t %}<{{ a }}>{% endset %}{{ t }}{% for i in [1] %}{% set a = 9 %}{% endfor %}{{ a }}", "8<5>5")]
    [InlineData("a\n  {%- if yes -%}\n  b  {{- n -}}  c\n{% endif %}d", "ab3c\nd")]
    [InlineData("a{# comment {{ x }} #}b {#- trimmed -#} c", "abc")]
    [InlineData("{% raw %}{{ name }}{% endraw %} {%- raw -%} x {%- endraw %}", "{{ name }}x")]
    [InlineData("${RUN_PATH} {^a.outputs.x} { } }} %}", "${RUN_PATH} {^a.outputs.x} { } }} %}")]
    [InlineData("{{ {'a': {'b': 1}}.a.b }}{{ {} }}", "1{}")]
    [InlineData("{{ 'A b'.lower().split() }} {{ 'x.y'.replace('.', '-') }} {{ map.get('q', 4) }} {{ 'abc'.startswith('a') }}", "['a', 'b'] x-y 4 True")]
    [InlineData("{{ 1e16 }} {{ 0.00001 }} {{ 1.0 }} {{ 1e3 }} {{ 0.1 + 0.2 }} {{ 1.25e-7 }} {{ 1e-300 }}", "1e+16 1e-05 1.0 1000.0 0.30000000000000004 1.25e-07 1e-300")]
    [InlineData("{{ tasks | join(',', attribute='name') }} {{ [3, 1] | sort(reverse=true) }} {{ [1, 2] | sum }} {{ [1, 1] | unique }} {{ [2, 3] | max }}", "one,two [3, 1] 3 [1] 3")]
    [InlineData("{{ -n | abs }} {{ -2.5 | abs }} {{ 'max' | title }} {{ 2.567 | round(1) }}", "3 2.5 Max 2.6")]
    public void Render_Template_GivesWhatJinjaGives(string template, string expected)
    {
        var result = TemplateEngine.Render(template, JsonNode.Parse(Context)!.AsObject());

        Assert.Null(result.Error);
        Assert.Equal(expected, result.Text);
    }

    [Theory]
    [InlineData("a\n {{ n", 2, 2, "not closed")]
    [InlineData("{% if n %}x", 1, 1, "not closed")]
    [InlineData("{% endif %}", 1, 1, "closes nothing")]
    [InlineData("{% if n %}{% endfor %}", 1, 11, "endif")]
    [InlineData("{% include 'x' %}", 1, 1, "not supported")]
    [InlineData("{{ n n }}", 1, 6, "Expected")]
    [InlineData("{{ }}", 1, 4, "a value")]
    [InlineData("{{ 'x }}", 1, 4, "not closed")]
    [InlineData("{{ n ! }}", 1, 6, "Unexpected character")]
    [InlineData("\n{{ nope.x }}", 2, 8, "\"nope\" is undefined")]
    [InlineData("{{ 1 + 'a' }}", 1, 6, "does not work on a number and a text")]
    [InlineData("{{ 1 / 0 }}", 1, 6, "Division by zero")]
    [InlineData("{{ 1 < 'a' }}", 1, 4, "no order")]
    [InlineData("{{ 9223372036854775807 + 1 }}", 1, 24, "too large")]
    [InlineData("{{ n | shout }}", 1, 6, "no filter \"shout\"")]
    [InlineData("{{ n is shiny }}", 1, 6, "no test \"shiny\"")]
    [InlineData("{{ open('x') }}", 1, 8, "no function \"open\"")]
    [InlineData("{{ name.__class__() }}", 1, 8, "no method \"__class__\"")]
    [InlineData("{% for a in n %}{% endfor %}", 1, 13, "no items")]
    [InlineData("{% raw %}x", 1, 1, "endraw")]
    [InlineData("{# x", 1, 1, "not closed")]
    public void Render_Mistake_SaysWhereAndWhat(string template, int line, int column, string part)
    {
        var result = TemplateEngine.Render(template, JsonNode.Parse(Context)!.AsObject());

        Assert.Null(result.Text);
        Assert.Contains(part, result.Error!.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (result.Error.Line, result.Error.Column));
    }

    [Theory]
    [InlineData("{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{{ 'x' * 100000000000 }}", "longer than")]
    [InlineData("{% set a = 'x' * 9000000 %}{% for i in range(1000) %}{{ a }}{% endfor %}", "longer than")]
    [InlineData("{% set a = 'x' * 9000000 %}{% for i in range(1000) %}{% set b = a | upper | lower %}{% endfor %}", "steps")]
    [InlineData("{% set a = [1] * 2 %}", "does not work")]
    [InlineData("{{ range(100000000) }}", "steps")]
    public void Render_Greedy_IsStopped(string template, string part) =>
        Assert.Contains(part, TemplateEngine.Render(template, []).Error?.Message ?? "", StringComparison.Ordinal);

    [Fact]
    public void Render_NestedValues_DoNotExplode()
    {
        var bomb = "{% set a = ['x', 'x'] %}" + string.Concat(Enumerable.Repeat("{% set a = [a, a, a, a] %}", 40)) + "{{ a }}";
        var deep = "{% set a = [] %}" + string.Concat(Enumerable.Repeat("{% set a = [a] %}", 50_000)) + "{{ a == a }}";

        Assert.NotNull(TemplateEngine.Render(bomb, []).Error);
        Assert.Contains("levels deep", TemplateEngine.Render(deep, []).Error?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ", "(", "")]
    [InlineData("{{ ", "[", "")]
    [InlineData("{{ ", "-", "1 }}")]
    [InlineData("{{ ", "not ", "1 }}")]
    [InlineData("{{ 1", "+1", " }}")]
    [InlineData("{{ a", ".b", " }}")]
    [InlineData("{{ a", "|d", " }}")]
    [InlineData("{{ a", " if b else c", " }}")]
    [InlineData("", "{% if 1 %}", "")]
    [InlineData("", "{% for i in [1] %}", "")]
    [InlineData("", "{% set a %}", "")]
    public void Render_DeepSyntax_IsAnErrorAndNoCrash(string before, string repeated, string after) =>
        Assert.NotNull(TemplateEngine.Render(before + string.Concat(Enumerable.Repeat(repeated, 100_000)) + after, []).Error);

    [Fact]
    public void Render_MutatedTemplates_NeverThrow()
    {
        const string seed = "{% for t in tasks if t.gpu %}{{ loop.index }}{{ t['name'] | upper ~ 'x' }}{% else %}{% endfor %}{% set a = {'k': [1, 2.5]} %}{% if a.k[0] == 1 and not n %}{# c #}{%- raw %}x{% endraw -%}{% endif %}";
        var random = new Random(11);
        for (var i = 0; i < 5_000; i++)
        {
            var text = seed.ToCharArray().ToList();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                var at = random.Next(text.Count);
                if (random.Next(2) == 0)
                    text.RemoveAt(at);
                else
                    text.Insert(at, seed[random.Next(seed.Length)]);
            }
            var result = TemplateEngine.Render(new string([.. text]), JsonNode.Parse(Context)!.AsObject());
            Assert.True(result.Text is null != (result.Error is null));
        }
    }
}
