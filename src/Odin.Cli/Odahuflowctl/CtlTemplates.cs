namespace Odin.Cli.Odahuflowctl;

/// <summary>Manifests that a person goes on to edit. Each is valid as it is.</summary>
internal static class CtlTemplates
{
    private const string Deployment = """
        # Serves a packaged model.
        kind: ModelDeployment
        id: my-model
        spec:
          # What `odahuflowctl packaging get --id my-model -o 'jsonpath=$..results[0].value'` prints.
          image: registry.example.org/my-model:1.0
          predictor: odahu-ml-server
          # With 0 it sleeps until somebody asks.
          minReplicas: 0
          maxReplicas: 1
          roleName: ""
          resources:
            requests: {cpu: 250m, memory: 256Mi}
            limits: {cpu: 500m, memory: 512Mi}
        """;

    private const string DockerPackaging = """
        # Makes an image of a trained model, which answers over REST.
        kind: ModelPackaging
        id: my-model
        spec:
          # What `odahuflowctl training get --id my-model -o 'jsonpath=$..artifactName'` prints.
          artifactName: my-model-1.0.zip
          integrationName: docker-rest
          arguments:
            # A template: Name, Version and RandomUUID are those of the model.
            imageName: "{{ Name }}-{{ Version }}:{{ RandomUUID }}"
          # Connections of the types docker or ecr. Without them the server's own registry takes the image.
          # targets:
          #   - name: docker-push
          #     connectionName: my-registry
          #   - name: docker-pull
          #     connectionName: my-registry
          resources:
            requests: {cpu: "1", memory: 1Gi}
            limits: {cpu: "2", memory: 2Gi}
        """;

    private const string GcpConnection = """
        # A bucket of Google Cloud Storage.
        kind: Connection
        id: my-bucket
        spec:
          type: gcs
          uri: gs://my-bucket/models/
          region: my-project
          # The key of a service account, in base64: base64 -w0 key.json
          keySecret: e30=
          role: ""
          description: Where models are kept
        """;

    private const string GitConnection = """
        # A git repository over SSH.
        kind: Connection
        id: my-repository
        spec:
          type: git
          uri: git@git.example.org:team/models.git
          # Branch, tag or commit for trainings that name none.
          reference: main
          # A private key that may read it, in base64: base64 -w0 ~/.ssh/id_ed25519
          keySecret: LS0tLS1CRUdJTg==
          # The server's key, in base64: ssh-keyscan -t ed25519 git.example.org | cut -d ' ' -f 2- | base64 -w0
          publicKey: c3NoLWVkMjU1MTkgQUFBQQ==
          description: The source of the models
          webUILink: https://git.example.org/team/models
        """;

    private const string MlflowTraining = """
        # Trains a model with an MLproject.
        kind: ModelTraining
        id: my-model
        spec:
          model:
            name: my-model
            version: "1.0"
            # In quotes, as braces mean something else in YAML. CommitID is another field.
            artifactNameTemplate: "{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip"
          toolchain: mlflow
          # An entry point of the MLproject, and where that is in the repository.
          entrypoint: main
          workDir: .
          hyperParameters:
            alpha: "1.0"
          algorithmSource:
            vcs:
              connection: my-repository
              reference: main
          # data:
          #   - connection: my-bucket
          #     remotePath: data/train.csv
          #     localPath: train.csv
          envs: []
          resources:
            requests: {cpu: "1", memory: 1Gi}
            limits: {cpu: "2", memory: 2Gi}
        """;

    /// <summary>By name, in the order in which they are listed.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["deployment"] = Deployment,
        ["docker_packaging"] = DockerPackaging,
        ["gcp_connection"] = GcpConnection,
        ["git_connection"] = GitConnection,
        ["mlflow_training"] = MlflowTraining,
    };
}
