namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Documents, and what PyYAML 6 makes of them (<c>yaml.dump(document, default_flow_style=False)</c>).</summary>
internal static class PythonYamlSamples
{
    public static TheoryData<string, string> All() => new()
    {
        {
            "[{\"id\": \"a\", \"kind\": \"Connection\", \"spec\": {\"type\": \"git\", \"uri\": \"git@example.org:a/b.git\", \"vital\": true, \"n\": 1, \"f\": 2.5, \"none\": null, \"e\": \"\", \"l\": [], \"m\": {}}}]",
            "- id: a\n  kind: Connection\n  spec:\n    e: ''\n    f: 2.5\n    l: []\n    m: {}\n    n: 1\n    none: null\n    type: git\n    uri: git@example.org:a/b.git\n    vital: true\n"
        },
        {
            "[{\"s\": [\"yes\", \"No\", \"1\", \"1.0\", \"0x1F\", \"1e3\", \"1.5e+3\", \"~\", \"null\", \"=\", \"<<\", \"2020-01-02\", \"12:30\", \"on\", \"010\", \"0b1\", \"+1\", \"-.inf\", \".nan\", \"1_000\", \"x1\"]}]",
            "- s:\n  - 'yes'\n  - 'No'\n  - '1'\n  - '1.0'\n  - '0x1F'\n  - 1e3\n  - '1.5e+3'\n  - '~'\n  - 'null'\n  - '='\n  - '<<'\n  - '2020-01-02'\n  - '12:30'\n  - 'on'\n  - '010'\n  - '0b1'\n  - '+1'\n  - '-.inf'\n  - '.nan'\n  - '1_000'\n  - x1\n"
        },
        {
            "[{\"s\": [\"a: b\", \"a:b\", \"a #b\", \"a#b\", \"- a\", \"-a\", \"?a\", \"? a\", \"[x\", \"{x\", \"x]\", \"a,b\", \"*a\", \"&a\", \"!a\", \"%a\", \"@a\", \"`a\", \"'a\", \"a'b\", \"\\\"a\\\"\", \"|\", \"> x\", \"---\", \"--- a\", \"...\", \"a \", \"_ a\", \" a\", \":\", \":a\", \"a:\"]}]",
            "- s:\n  - 'a: b'\n  - a:b\n  - 'a #b'\n  - a#b\n  - '- a'\n  - -a\n  - ?a\n  - '? a'\n  - '[x'\n  - '{x'\n  - x]\n  - a,b\n  - '*a'\n  - '&a'\n  - '!a'\n  - '%a'\n  - '@a'\n  - '`a'\n  - '''a'\n  - a'b\n  - '\"a\"'\n  - '|'\n  - '> x'\n  - '---'\n  - '--- a'\n  - '...'\n  - 'a '\n  - _ a\n  - ' a'\n  - ':'\n  - :a\n  - 'a:'\n"
        },
        {
            "[{\"s\": [\"line\\nbreak\", \"line\\n\", \"\\nline\", \"a\\n\\nb\", \"a \\nb\", \"a\\n b\", \"tab\\there\", \"bell\\u0007\", \"\\u00e9\", \"\\u65e5\\u672c\", \"\\ud83d\\ude00\", \"\\u2028\", \"\\u0085x\", \"\\u00a0x\", \"back\\\\slash \\u00e9\", \"q\\\" \\u00e9\"]}]",
            "- s:\n  - 'line\n\n    break'\n  - 'line\n\n    '\n  - '\n\n    line'\n  - 'a\n\n\n    b'\n  - \"a \\nb\"\n  - \"a\\n b\"\n  - \"tab\\there\"\n  - \"bell\\a\"\n  - \"\\xE9\"\n  - \"\\u65E5\\u672C\"\n  - \"\\U0001F600\"\n  - \"\\L\"\n  - \"\\Nx\"\n  - \"\\_x\"\n  - \"back\\\\slash \\xE9\"\n  - \"q\\\" \\xE9\"\n"
        },
        {
            "[{\"long\": \"the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\", \"key\": {\"long\": \"the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\", \"list\": [\"the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\"]}}]",
            "- key:\n    list:\n    - the quick brown fox jumps over the lazy dog and then it goes on to jump over\n      a second dog because it can, really\n    long: the quick brown fox jumps over the lazy dog and then it goes on to jump\n      over a second dog because it can, really\n  long: the quick brown fox jumps over the lazy dog and then it goes on to jump over\n    a second dog because it can, really\n"
        },
        {
            "[{\"quoted\": \"yes: the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\", \"key\": [\"it's the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really: \"]}]",
            "- key:\n  - 'it''s the quick brown fox jumps over the lazy dog and then it goes on to jump\n    over a second dog because it can, really: '\n  quoted: 'yes: the quick brown fox jumps over the lazy dog and then it goes on to\n    jump over a second dog because it can, really'\n"
        },
        {
            "[{\"double\": \"\\u00e9 the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really \\u00e9 the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\"}]",
            "- double: \"\\xE9 the quick brown fox jumps over the lazy dog and then it goes on to\\\n    \\ jump over a second dog because it can, really \\xE9 the quick brown fox jumps\\\n    \\ over the lazy dog and then it goes on to jump over a second dog because it can,\\\n    \\ really\"\n"
        },
        {
            "[{\"double\": \"\\u00e9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx y  z the quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\"}]",
            "- double: \"\\xE9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\\n    \\ y  z the quick brown fox jumps over the lazy dog and then it goes on to jump\\\n    \\ over a second dog because it can, really\"\n"
        },
        {
            "[{\"double spaces\": \"a  the  quick  brown  fox  jumps  over  the  lazy  dog  and  then  it  goes  on  to  jump  over  a  second  dog  because  it  can,  really\"}]",
            "- double spaces: a  the  quick  brown  fox  jumps  over  the  lazy  dog  and  then  it  goes  on  to  jump  over  a  second  dog  because  it  can,  really\n"
        },
        {
            "[{\"single\": \"a: b 'the quick brown fox jumps over the lazy dog  's and then it goes on to jump over a second dog  's because it can, really\\nthe quick brown fox jumps over the lazy dog and then it goes on to jump over a second dog because it can, really\"}]",
            "- single: 'a: b ''the quick brown fox jumps over the lazy dog  ''s and then it goes\n    on to jump over a second dog  ''s because it can, really\n\n    the quick brown fox jumps over the lazy dog and then it goes on to jump over a\n    second dog because it can, really'\n"
        },
        {
            "[[1, [2, 3], []], [{\"a\": [{\"b\": [1]}]}]]",
            "- - 1\n  - - 2\n    - 3\n  - []\n- - a:\n    - b:\n      - 1\n"
        },
        {
            "[{\"1\": \"x\", \"true\": \"y\", \"a: b\": \"z\", \"\\u00e9\": 1, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": \"long key\", \"\": \"empty\"}]",
            "- ? ''\n  : empty\n  '1': x\n  'a: b': z\n  'true': y\n  ? xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n  : long key\n  \"\\xE9\": 1\n"
        },
        {
            "[]",
            "[]\n"
        },
        {
            "[null, true, \"x\", 1.5]",
            "- null\n- true\n- x\n- 1.5\n"
        },
        {
            "[{\"big\": 1e+100, \"small\": 1e-07, \"int\": 12345678901234567890}]",
            "- big: 1.0e+100\n  int: 12345678901234567890\n  small: 1.0e-07\n"
        },
        {
            "[{\"z\": 1, \"a\": 2, \"B\": 3, \"_\": 4}]",
            "- B: 3\n  _: 4\n  a: 2\n  z: 1\n"
        },
        {
            "[{\"word\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy z\"}]",
            "- word: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n    z\n"
        },
    };
}
