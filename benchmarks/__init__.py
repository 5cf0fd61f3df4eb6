"""What gitcanary costs, each figure beside what it is compared with, measured in the same run."""
